"""Conversion of a board snapshot into the data of charts."""
