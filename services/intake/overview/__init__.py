"""The case as staff read it: its contacts, what has happened, what is owed. Reads what the other topics keep."""
