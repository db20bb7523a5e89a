"""What the fields of a form mean."""
