"""The live charts of a search, and its static picture."""
