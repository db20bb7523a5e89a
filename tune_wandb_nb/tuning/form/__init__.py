"""The form of a search without widgets: its fields, their problems and the resulting plan."""
