from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.settings import OF_TRIAL, SettingsError

__all__ = ["TrialView", "call_functions"]


@dataclass(frozen=True, slots=True)
class TrialView:
    """What a trial's process has of Tune's ``Trial``, for the functions of it."""

    trial_id: str | None
    name: str | None
    experiment_dir_name: str | None
    config: Mapping[str, Any] = field(default_factory=dict)
    local_path: str | None = None

    def __str__(self) -> str:
        return str(self.name)


def call_functions(arguments: Mapping[str, Any], trial: Any) -> Mapping[str, Any]:
    functions = {name: arguments[name] for name in OF_TRIAL if callable(arguments.get(name))}
    if not functions:
        return arguments
    values = dict(arguments)
    for name, function in functions.items():
        try:
            values[name] = function(trial)
        except Exception as error:  # noqa: PERF203 - the first one ends the loop
            raise SettingsError(
                f"{name}={show(function)} failed for {trial}: {show(error, longest=200)}; it must"
                " be a function of the trial, such as lambda trial: trial.config['lr']."
            ) from error
    return values
