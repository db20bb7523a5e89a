"""The live charts and the still picture."""
