"""Doors that are closed in an emergency or full for the day, and open again by themselves."""
