"""The settings of a search."""
