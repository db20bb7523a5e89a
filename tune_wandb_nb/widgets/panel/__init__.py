"""The setup panel: the form with its start bar and the dashboard of its search."""
