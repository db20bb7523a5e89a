"""Imported in a trial's process, this module brings the classic names there too.

Ray sends a trial its class, and imports the modules that the class's bases come from.
"""

from tune_wandb_nb.tracking.legacy.patches import apply_patches, classic_patches

__all__ = ["LegacyTrial"]


class LegacyTrial:
    """First base of a trainable of a driver on which the classic names are enabled."""


apply_patches(classic_patches())
