"""The mail gateway, and the letters it takes."""
