"""The report of a search: the picture, the status and the page that needs no kernel."""
