from collections.abc import Iterator
from pkgutil import resolve_name

from tune_wandb_nb.tracking.legacy.checkpoints import checkpoint_patches
from tune_wandb_nb.tracking.legacy.function_api import function_patches
from tune_wandb_nb.tracking.legacy.names import GONE, LOGGERS, STAND_INS
from tune_wandb_nb.tracking.legacy.patches import Age, ModulePatch, Patch
from tune_wandb_nb.tracking.legacy.run import run_patches
from tune_wandb_nb.tracking.legacy.stand_ins import missing_names
from tune_wandb_nb.tracking.legacy.train_configs import config_patches

__all__ = ["older_forms"]


def older_forms() -> list[Patch]:
    return [
        *_module_patches(),
        *run_patches(),
        *function_patches(),
        *checkpoint_patches(),
        *config_patches(),
    ]


def _module_patches() -> Iterator[Patch]:
    for stand_in in STAND_INS:
        yield ModulePatch(stand_in.module(), _age_of(stand_in.name))
    import ray.tune.logger

    for name, where in LOGGERS.items():
        yield Patch(ray.tune.logger, name, resolve_name(where), Age.RAY_1)
    for module, gone in GONE.items():
        yield Patch(resolve_name(module), "__getattr__", missing_names(module, gone), Age.RAY_1)


def _age_of(module: str) -> Age:
    if module in ("ray.air.integrations.wandb", "ray.tune.logger.wandb"):
        return Age.TODAY
    return Age.RAY_2_0 if module.startswith("ray.air") else Age.RAY_1
