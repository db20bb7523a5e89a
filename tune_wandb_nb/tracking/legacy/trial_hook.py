"""Applies the patches in a trial's process, as a side effect of its import.

`enable` makes `LegacyTrial` the first base of each trainable. The trial's process imports this
module to unpickle the trainable's class.
"""

from tune_wandb_nb.tracking.legacy.patches import apply_patches, classic_patches

__all__ = ["LegacyTrial"]


class LegacyTrial:
    """The first base of every trainable that is registered while the classic names are enabled."""


apply_patches(classic_patches())
