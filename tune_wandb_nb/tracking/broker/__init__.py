"""The actor that gives trials what only the driver has, and the driver's side of it."""
