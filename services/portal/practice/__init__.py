"""What only a practice installation has."""
