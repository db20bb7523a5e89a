"""One search being tracked: its settings, its W&B runs and the writer behind them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tune_wandb_nb.tracking.auth.access import Access, drivers_access
from tune_wandb_nb.tracking.auth.exposed_key import warn_of_exposed_key
from tune_wandb_nb.tracking.broker.client import desk
from tune_wandb_nb.tracking.driver.own_run_detection import may_write_own_runs, writes_own_run
from tune_wandb_nb.tracking.driver.reconnect import Comeback
from tune_wandb_nb.tracking.driver.remote_run import RemoteRun, RemoteRuns
from tune_wandb_nb.tracking.driver.tracked_trial import Place, TrackedTrial
from tune_wandb_nb.tracking.driver.writer import Opening, RunWriter
from tune_wandb_nb.tracking.history.tune_results import RESULTS
from tune_wandb_nb.tracking.notices import Notices, count
from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice
from tune_wandb_nb.tracking.results.media import MediaFolder
from tune_wandb_nb.tracking.results.metric_limit import MetricNames
from tune_wandb_nb.tracking.results.rows import RowRules, TrialRows
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.resilient_run import LastingRun, Past
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.runs.wandb_core import CoreWatch
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.config_entry import entry_of
from tune_wandb_nb.tracking.settings.init_arguments import check_init_arguments, init_arguments
from tune_wandb_nb.tracking.settings.output_folder import check_writable
from tune_wandb_nb.tracking.settings.ray_hooks import populate_run_location, run_info_hook
from tune_wandb_nb.tracking.settings.settings import Mode, SettingsError, WandbSettings

__all__ = ["Session"]


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
    comeback: Comeback = field(init=False)
    _names: MetricNames = field(init=False)
    _hook: Callable[[Any], None] | None = field(init=False, default=None)
    _access: dict[Any, Access] = field(default_factory=dict)
    _rules: dict[Any, RowRules] = field(default_factory=dict)
    _own_runs: dict[str, bool] = field(default_factory=dict)
    _attached: bool = False
    _remote: RemoteRuns = field(default_factory=RemoteRuns)
    _core: CoreWatch = field(default_factory=CoreWatch)

    def start(self) -> None:
        """Check what can be checked before there is a trial, and start the writer.

        Raises:
            SettingsError: a setting, a key file, a hook or a folder that cannot be used.
        """
        self.comeback = Comeback(self.notices.say)
        self._names = MetricNames(self.notices.say)
        settings = WandbSettings.resolve(self.arguments, None, self.environ)
        if settings.project is None:
            populate_run_location(self.environ)
        self.base = WandbSettings.resolve(self.arguments, None, self.environ)
        self._hook = run_info_hook(self.environ)
        if self.base.api_key_file is not None or self.base.api_key is not None:
            self._decide(self.base)
        if self.base.dir is not None and self.base.mode != "disabled":
            check_writable(self.base.dir)
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
        *,
        place: Place,
        writes_own_run: bool = False,
    ) -> TrackedTrial:
        """Open the W&B run of a trial that starts, or opens again after it had ended.

        With ``writes_own_run`` the trial's own process opens and writes the run.

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
        run: TrialRun
        if writes_own_run:
            run = RemoteRun(trial_id, name, plan, say=self.notices.say)
        else:
            past = self._past_of(trial_id, place, self._rules_of(settings), config)
            run = LastingRun(
                trial_id,
                name,
                plan,
                say=self.notices.say,
                past=past,
                core=self._core,
                names=self._names,
                on_offline=self.comeback.expect,
            )
        run.left_out = rows.dropped
        tracked = self.trials[trial_id] = TrackedTrial(
            run,
            rows,
            checkpoints=CheckpointChoice(settings.upload_checkpoints, settings.first_best),
            place=place,
        )
        self.writer.send(run, Opening())
        return tracked

    def end_trial(self, tracked: TrackedTrial, ending: Ending) -> None:
        """Close the run of a trial that ended."""
        tracked.ended = True
        if isinstance(tracked.run, RemoteRun) and desk.broker is not None:
            desk.broker.decide.remote(tracked.run.trial_id, dict(ending.summary))
        if (checkpoint := tracked.checkpoints.rest()) is not None:
            self.writer.send(tracked.run, checkpoint)
        self.writer.send(tracked.run, ending)

    def close(self) -> None:
        """Let the writer go; runs that are still uploading go on doing so."""
        if not self.writer.unfinished():
            self.media.close()
        self.writer.close()
        self.comeback.close()
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
    def trouble(self) -> str | None:
        """What is wrong with W&B right now, in a few words; None if nothing is."""
        away = [run.trouble for run in self.runs if run.trouble]
        if away:
            return f"{count(len(away), 'run')} recorded offline: {away[-1]}"
        lost = sum(run.lost for run in self.runs)
        return f"{count(lost, 'row')} not in W&B; logger.audit() tells why" if lost else None

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

    def _past_of(
        self, trial_id: str, place: Place, rules: RowRules, config: Mapping[str, Any]
    ) -> Past:
        earlier = self.restored.get(trial_id)
        folders = [(earlier or {}).get("folder"), place.folder]
        files = tuple(Path(each, RESULTS) for each in folders if each)
        rows = partial(TrialRows, rules, config)
        return Past(files, rows, is_resumed=earlier is not None, experiment=place.experiment)

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
                check_writable(settings.dir)
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

    def _decide(self, settings: WandbSettings) -> Access:
        asked = (settings.mode, settings.api_key, settings.api_key_file, settings.host)
        if asked not in self._access:
            self._access[asked] = drivers_access(settings, self.environ, self.notices.say)
        return self._access[asked]

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
            host=settings.host,
            gate=access.gate,
            settings=user_settings,
            define_step=not self._rules_of(settings).excludes.hit("training_iteration"),
            records_environment=not self.trials,
            hook=self._hook,
            image_kwargs=settings.image_kwargs,
            video_kwargs=settings.video_kwargs,
        )
