"""Loaded in a trial's process, this brings the classic names there too.

Tune sends a trial its class, and with it the names of the modules that its bases come from.
"""

from tune_wandb_nb.tracking.legacy import enable

__all__ = ["LegacyTrial"]


class LegacyTrial:
    """First base of a trainable of a driver on which the classic names are enabled."""


enable(quiet=True)
