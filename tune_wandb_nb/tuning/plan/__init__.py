"""A checked search, and what it becomes: Tune's objects, or Python code."""
