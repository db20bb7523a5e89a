"""The settings of a search: read from their sources, merged and checked."""
