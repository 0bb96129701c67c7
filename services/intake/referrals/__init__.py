"""Persons whom a professional sends: what is taken, where they go, what the sender hears."""
