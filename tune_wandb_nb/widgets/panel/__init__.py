"""The setup panel: the form with its start button."""
