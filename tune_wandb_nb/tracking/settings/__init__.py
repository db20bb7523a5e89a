"""The settings of a search: read, merged and checked."""
