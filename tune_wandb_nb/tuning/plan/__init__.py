"""The plan of a search, and its conversion to Tune's objects or to Python code."""
