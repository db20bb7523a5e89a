"""W&B inside the trial's process: the mixin, the base class, ``setup_wandb``."""
