"""One search being tracked: its settings, its W&B runs and the writer behind them."""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tune_wandb_nb.tracking.apikey import ApiKey, show
from tune_wandb_nb.tracking.arguments import check_init_arguments, init_arguments
from tune_wandb_nb.tracking.credentials import find_credential, server_of
from tune_wandb_nb.tracking.desk import HOW_TO_GO_ONLINE, desk
from tune_wandb_nb.tracking.entry import entry_of
from tune_wandb_nb.tracking.exposure import warn_of_exposed_key
from tune_wandb_nb.tracking.gate import Gate
from tune_wandb_nb.tracking.hooks import populate_run_location, run_info_hook
from tune_wandb_nb.tracking.media import MediaFolder
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.own_run import may_write_own_runs, writes_own_run
from tune_wandb_nb.tracking.remote_run import RemoteRun, RemoteRuns
from tune_wandb_nb.tracking.rows import RowRules, TrialRows
from tune_wandb_nb.tracking.settings import Mode, SettingsError, WandbSettings
from tune_wandb_nb.tracking.trial_run import Ending, InitPlan, TrialRun
from tune_wandb_nb.tracking.writer import Opening, RunWriter

__all__ = ["Session", "TrackedTrial"]


@dataclass(slots=True)
class TrackedTrial:
    """What is known of one trial on Tune's thread."""

    run: TrialRun
    rows: TrialRows
    stopping: bool = False
    """Whether its last result was marked as done: a scheduler or a criterion stopped it."""
    ended: bool = False
    checkpoint: str | None = None
    """The checkpoint that it last started from."""
    uploads_checkpoints: bool = False


@dataclass(slots=True)
class _Access:
    mode: Mode
    key: ApiKey | None = None
    host: str | None = None
    gate: Gate | None = None


@dataclass(slots=True)
class Session:
    """Everything that lives while a search is tracked; made in ``setup``, never pickled."""

    arguments: Mapping[str, Any]
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    notices: Notices = field(default_factory=Notices)
    writer: RunWriter = field(default_factory=RunWriter)
    media: MediaFolder = field(default_factory=MediaFolder)
    trials: dict[str, TrackedTrial] = field(default_factory=dict)
    restored: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    base: WandbSettings = field(init=False)
    _hook: Callable[[Any], None] | None = field(init=False, default=None)
    _access: dict[Any, _Access] = field(default_factory=dict)
    _rules: dict[Any, RowRules] = field(default_factory=dict)
    _own_runs: dict[str, bool] = field(default_factory=dict)
    _attached: bool = False
    _remote: RemoteRuns = field(default_factory=RemoteRuns)

    def start(self) -> None:
        """Check what can be checked before there is a trial, and start the writer.

        Raises:
            SettingsError: a setting, a key file, a hook or a folder that cannot be used.
        """
        settings = WandbSettings.resolve(self.arguments, None, self.environ)
        if settings.project is None:
            populate_run_location(self.environ)
        self.base = WandbSettings.resolve(self.arguments, None, self.environ)
        self._hook = run_info_hook(self.environ)
        if self.base.api_key_file is not None or self.base.api_key is not None:
            self._decide(self.base)
        if self.base.dir is not None and self.base.mode != "disabled":
            _check_writable(self.base.dir)
        if may_write_own_runs():
            self._attach()
        self.writer.start()

    def poll(self) -> None:
        """Hear what trials that write their own run have to tell, and say what there is to say."""
        if self._attached:
            self._remote.poll(self.runs, self.notices)
        self.notices.flush()

    def writes_own_run(self, name: str, find: Callable[[], type]) -> bool:
        """Tell whether the trials of a trainable write their own runs.

        It is found once for each name: Tune fetches and unpickles the class at every call.
        """
        if name not in self._own_runs:
            self._own_runs[name] = writes_own_run(find())
        return self._own_runs[name]

    def open_trial(
        self,
        trial_id: str,
        name: str,
        config: Mapping[str, Any],
        group: str,
        writes_own_run: bool = False,
    ) -> TrackedTrial:
        """Open the W&B run of a trial that starts, or opens again after it had ended.

        With ``writes_own_run`` the trial's own process does so, and writes the run.

        Raises:
            SettingsError: the trial's settings cannot be used.
        """
        known = self.trials.get(trial_id)
        if known is not None:
            known.ended, known.stopping = False, False
            self.writer.send(known.run, Opening())
            return known
        settings = self._settings_of(config)
        rows = TrialRows(self._rules_of(settings), config, on_drop=self._tell_drop)
        if trial_id in self.restored:
            rows.restore(self.restored[trial_id])
        plan = self._plan(settings, trial_id, name, rows.config, group)
        if writes_own_run:
            self._attach()
        kind = RemoteRun if writes_own_run else TrialRun
        run = kind(trial_id, name, plan, say=self.notices.say)
        run.left_out = rows.dropped
        tracked = self.trials[trial_id] = TrackedTrial(
            run, rows, uploads_checkpoints=settings.upload_checkpoints
        )
        self.writer.send(run, Opening())
        return tracked

    def end_trial(self, tracked: TrackedTrial, ending: Ending) -> None:
        """Close the run of a trial that ended."""
        tracked.ended = True
        if isinstance(tracked.run, RemoteRun) and desk.broker is not None:
            desk.broker.decide.remote(tracked.run.trial_id, dict(ending.summary))
        self.writer.send(tracked.run, ending)

    def close(self) -> None:
        """Let the writer go; runs that are still uploading go on doing so."""
        if not self.writer.unfinished():
            self.media.close()
        self.writer.close()
        if self._attached:
            desk.detach()

    @property
    def runs(self) -> list[TrialRun]:
        """All runs in the order in which they were opened."""
        return [tracked.run for tracked in self.trials.values()]

    @property
    def mode(self) -> Mode:
        """The mode of the runs: "online" as long as one of them is."""
        modes = {run.mode for run in self.runs} or {self._decide(self.base).mode}
        return next(mode for mode in ("online", "offline", "disabled") if mode in modes)

    @property
    def project_url(self) -> str | None:
        """The page of the project, once a run is online."""
        return next((run.project_url for run in self.runs if run.project_url), None)

    @property
    def group_url(self) -> str | None:
        """The page of this search's runs, once one of them is online."""
        run = next((run for run in self.runs if run.project_url), None)
        if run is None:
            return None
        group = quote(str(run.plan.arguments["group"]), safe="")
        return f"{run.project_url}/groups/{group}/workspace"

    def _attach(self) -> None:
        """Let trials that write their own run know of this logger."""
        if not self._attached:
            self._attached = True
            desk.attach(self.arguments, self.notices)

    def _tell_drop(self, key: str, reason: str) -> None:
        self.notices.say(f"{key!r} cannot be logged to W&B ({reason}) and is left out.", once=key)

    def _settings_of(self, config: Mapping[str, Any]) -> WandbSettings:
        entry = entry_of(config)
        if entry is None:
            settings = self.base
        else:
            warn_of_exposed_key(config)
            settings = WandbSettings.resolve(self.arguments, entry, self.environ)
            check_init_arguments(settings.init)
            if settings.dir is not None and settings.dir != self.base.dir:
                _check_writable(settings.dir)
        if settings.project is None and settings.mode != "disabled":
            raise SettingsError(
                "no W&B project was given; pass WandbLogger(project='my-project'), put"
                " {'wandb': {'project': 'my-project'}} into the config, or set WANDB_PROJECT."
            )
        return settings

    def _rules_of(self, settings: WandbSettings) -> RowRules:
        key = (settings.excludes, settings.log_config, tuple(settings.best.items()))
        if key not in self._rules:
            self._rules[key] = RowRules.of(
                settings.excludes, log_config=settings.log_config, best=settings.best
            )
        return self._rules[key]

    def _decide(self, settings: WandbSettings) -> _Access:
        asked = (settings.mode, settings.api_key, settings.api_key_file, settings.host)
        if asked not in self._access:
            self._access[asked] = self._find_access(settings)
        return self._access[asked]

    def _find_access(self, settings: WandbSettings) -> _Access:
        if settings.mode in ("offline", "disabled"):
            return _Access(settings.mode, host=settings.host)
        host = server_of(settings)
        credential = find_credential(settings, host, self.environ)
        if credential is not None:
            return _Access("online", credential.key, settings.host, Gate(host, credential.key))
        if self.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
            return _Access("online", None, settings.host)
        self.notices.say(
            f"no W&B API key was found, so runs are written offline. {HOW_TO_GO_ONLINE}"
        )
        return _Access("offline", host=settings.host)

    def _plan(
        self,
        settings: WandbSettings,
        trial_id: str,
        name: str,
        config: Mapping[str, Any],
        group: str,
    ) -> InitPlan:
        access = self._decide(settings)
        arguments, user_settings = init_arguments(
            settings,
            trial_id=trial_id,
            name=name,
            group=group,
            folder=str(Path(settings.dir or ".").expanduser().absolute()),
            config=config,
        )
        if any(run.run_id == arguments["id"] for run in self.runs):
            self.notices.say(
                f"run_id={show(arguments['id'])} was given for the whole search, but every trial is"
                " a run of its own; the second trial and those after it get their own ids.",
                once="run_id",
            )
            arguments["id"] = trial_id
        return InitPlan(
            mode=access.mode,
            arguments=arguments,
            key=access.key,
            host=access.host,
            gate=access.gate,
            settings=user_settings,
            define_step=not self._rules_of(settings).excludes.hit("training_iteration"),
            records_environment=not self.trials,
            hook=self._hook,
            image_kwargs=settings.image_kwargs,
            video_kwargs=settings.video_kwargs,
        )


def _check_writable(folder: str) -> None:
    path = Path(folder).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise SettingsError(
            f"dir {show(folder)} cannot be written ({error.strerror}); give a folder that can, or"
            " leave it out for ./wandb."
        ) from None
