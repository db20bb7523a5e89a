from tune_wandb_nb.compat.ray_trial import train_context, tune_session

__all__ = ["train_experiment", "train_rank"]


def train_rank() -> int:
    context = train_context()
    return int(context.get_world_rank()) if context is not None else tune_session().rank


def train_experiment() -> str | None:
    context = train_context()
    return str(context.get_experiment_name()) if context is not None else None
