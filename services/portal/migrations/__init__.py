"""Schema history of the portal."""
