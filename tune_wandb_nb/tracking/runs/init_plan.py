from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.auth.access import Access
from tune_wandb_nb.tracking.auth.server_check import ServerCheck
from tune_wandb_nb.tracking.results.checkpoints import storage_uri
from tune_wandb_nb.tracking.results.payload import Excludes
from tune_wandb_nb.tracking.settings.api_key import ApiKey, show
from tune_wandb_nb.tracking.settings.init_arguments import init_arguments
from tune_wandb_nb.tracking.settings.settings import Mode, WandbSettings

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["InitPlan", "TrialNames", "make_init_plan", "shared_id_notice"]


@dataclass(frozen=True, slots=True)
class TrialNames:
    """Tune's names of a trial; None outside of Tune."""

    trial_id: str | None = None
    name: str | None = None
    experiment: str | None = None
    experiment_path: str | None = None
    """Driver and trial know the search by it."""
    log_path: str | None = None
    """The folder of Tune's results, on the driver's machine."""
    path: str | None = None

    @classmethod
    def of(cls, trial: "Trial") -> "TrialNames":
        storage = trial.storage
        return cls(
            trial.trial_id,
            str(trial),
            storage.experiment_dir_name,
            log_path=trial.local_path,
            path=storage_uri(storage.storage_filesystem.type_name, storage.trial_fs_path),
        )

    @property
    def paths(self) -> dict[str, str]:
        paths = {"trial_log_path": self.log_path, "trial_path": self.path}
        return {name: path for name, path in paths.items() if path}


@dataclass(frozen=True, slots=True)
class InitPlan:
    mode: Mode
    arguments: Mapping[str, Any]
    key: ApiKey | None = None
    host: str | None = None
    check: ServerCheck | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    define_step: bool = True
    records_environment: bool = False
    hook: Callable[[Any], None] | None = None
    on_stop: Callable[[], None] | None = None
    """Called by a thread of wandb's, when someone stops the run on its page."""
    image_kwargs: Mapping[str, Any] = field(default_factory=dict)
    video_kwargs: Mapping[str, Any] = field(default_factory=dict)


def make_init_plan(
    settings: WandbSettings,
    access: Access,
    names: TrialNames,
    *,
    folder: str,
    config: Mapping[str, Any],
    run_id: str | None = None,
    records_environment: bool = False,
    hook: Callable[[Any], None] | None = None,
    on_stop: Callable[[], None] | None = None,
) -> InitPlan:
    """Tune's names stand where the settings have none; ``run_id`` wins over both."""
    excludes = Excludes(settings.excludes)
    paths = {name: path for name, path in names.paths.items() if not excludes.matches(name)}
    arguments, user_settings = init_arguments(
        settings,
        trial_id=names.trial_id,
        name=names.name,
        group=names.experiment,
        folder=folder,
        config={**paths, **config},
    )
    if run_id is not None:
        arguments["id"] = run_id
    return InitPlan(
        mode=access.mode,
        arguments=arguments,
        key=access.key,
        host=settings.host,
        check=access.check,
        settings=user_settings,
        define_step=not excludes.matches("training_iteration"),
        records_environment=records_environment,
        hook=hook,
        on_stop=on_stop,
        image_kwargs=settings.image_kwargs,
        video_kwargs=settings.video_kwargs,
    )


def shared_id_notice(run_id: object) -> str:
    return (
        f"run_id={show(run_id)} was given for the whole search, but every trial is a run of its"
        " own; the second trial and those after it get their own ids."
    )
