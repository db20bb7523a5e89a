"""The form of the setup panel: its parts, its fields and the table of the search space."""
