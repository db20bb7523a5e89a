"""A search: its space, its trials, its progress."""
