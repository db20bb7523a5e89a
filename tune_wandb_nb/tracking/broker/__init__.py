"""The actor that sends trials what only the driver knows, and the driver's side of it."""
