"""The fields of the setup panel."""
