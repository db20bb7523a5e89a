"""A search that Tune's files hold, recorded on a board."""
