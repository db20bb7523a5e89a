"""A saved view of a search in W&B: the right charts of its runs, without clicking."""
