"""One search being tracked: its settings, its W&B runs and the writer behind them."""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tune_wandb_nb.tracking.auth.access import NO_KEY, Access, decide_access
from tune_wandb_nb.tracking.auth.exposed_key import warn_of_exposed_key
from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.driver.own_run_detection import may_write_own_runs, writes_own_run
from tune_wandb_nb.tracking.driver.reconnect import Reconnect
from tune_wandb_nb.tracking.driver.remote_trial import RemoteTrial, ReportPoller
from tune_wandb_nb.tracking.driver.tracked_trial import TrackedTrial
from tune_wandb_nb.tracking.driver.writer import Opening, RunWriter
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.notices import Notices, count
from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice
from tune_wandb_nb.tracking.results.media import MediaFolder
from tune_wandb_nb.tracking.results.metric_limit import MetricNames
from tune_wandb_nb.tracking.results.rows import RowRules, TrialRows
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan, TrialNames, make_init_plan
from tune_wandb_nb.tracking.runs.resilient_run import RecoveryFromTune
from tune_wandb_nb.tracking.runs.run_stats import RunStats
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.runs.wandb_core import CoreWatch
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.config_entry import entry_of
from tune_wandb_nb.tracking.settings.init_arguments import check_init_arguments
from tune_wandb_nb.tracking.settings.output_folder import check_writable
from tune_wandb_nb.tracking.settings.ray_hooks import populate_run_location, run_info_hook
from tune_wandb_nb.tracking.settings.settings import Mode, SettingsError, WandbSettings

__all__ = ["Session"]


@dataclass(slots=True)
class Session:
    """The state of a search that is tracked; made in ``WandbLogger.setup``, never pickled."""

    arguments: Mapping[str, Any]
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    notices: Notices = field(default_factory=Notices)
    writer: RunWriter = field(default_factory=RunWriter)
    media: MediaFolder = field(default_factory=MediaFolder)
    trials: dict[str, TrackedTrial] = field(default_factory=dict)
    restored: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    search_id: str = field(default_factory=lambda: secrets.token_hex(8))
    base: WandbSettings = field(init=False)
    reconnect: Reconnect = field(init=False)
    _names: MetricNames = field(init=False)
    _hook: Callable[[Any], None] | None = field(init=False, default=None)
    _access: dict[Any, Access] = field(default_factory=dict)
    _rules: dict[Any, RowRules] = field(default_factory=dict)
    _own_runs: dict[str, bool] = field(default_factory=dict)
    _attached: bool = False
    _poller: ReportPoller = field(default_factory=ReportPoller)
    _core: CoreWatch = field(default_factory=CoreWatch)

    def start(self) -> None:
        """Check what can be checked before there is a trial, and start the writer.

        Raises:
            SettingsError: a setting, a key file, a hook or a folder that cannot be used.
        """
        self.reconnect = Reconnect(self.notices.say)
        self._names = MetricNames(self.notices.say)
        settings = WandbSettings.resolve(self.arguments, None, self.environ)
        if settings.project is None:
            populate_run_location(self.environ)
        self.base = WandbSettings.resolve(self.arguments, None, self.environ)
        self._hook = run_info_hook(self.environ)
        if self.base.api_key_file is not None or self.base.api_key is not None:
            self._access_of(self.base)
        if self.base.dir is not None and self.base.mode != "disabled":
            check_writable(self.base.dir)
        if may_write_own_runs():
            self._attach()
        self.writer.start()

    def poll(self, experiment: str | None) -> None:
        """Take over the reports of trials that write their own run, and print the notices.

        Args:
            experiment: The path of the search's experiment; None before its first trial.
        """
        if self._attached:
            if experiment is not None:
                broker_client.set_experiment(self.search_id, experiment)
            running = {
                trial_id: tracked.stats
                for trial_id, tracked in self.trials.items()
                if isinstance(tracked.run, RemoteTrial) and not tracked.ended
            }
            self._poller.poll(self.search_id, running, self.notices)
        self.notices.flush()

    def writes_own_run(self, name: str, find: Callable[[], type]) -> bool:
        """Return whether the trials of a trainable write their own runs.

        Asked once for each name: Tune fetches and unpickles the class at every call of ``find``.
        """
        if name not in self._own_runs:
            self._own_runs[name] = writes_own_run(find())
        return self._own_runs[name]

    def open_trial(
        self,
        names: TrialNames,
        config: Mapping[str, Any],
        source: TrialSource,
        *,
        writes_own_run: bool = False,
    ) -> TrackedTrial:
        """Open the W&B run of a trial that starts.

        With ``writes_own_run`` the trial's own process opens and writes the run.

        Raises:
            SettingsError: the trial's settings cannot be used.
        """
        trial_id, name = str(names.trial_id), str(names.name)
        settings = self._settings_of(config)
        rules = self._rules_of(settings)
        rows = TrialRows(rules, config, on_drop=self._note_drop)
        restored = self.restored.get(trial_id)
        if restored is not None:
            rows.restore(restored)
            source = replace(source, earlier=restored.get("folder") or "")
        plan = self._plan(settings, names, rows.config)
        run: TrialRun | RemoteTrial
        if writes_own_run:
            self._attach()
            run = RemoteTrial(trial_id, name, plan)
        else:
            recovery = RecoveryFromTune(
                source,
                partial(TrialRows, rules, config),
                core=self._core,
                names=self._names,
                is_resumed=restored is not None,
                on_offline=self.reconnect.expect,
            )
            run = TrialRun(trial_id, name, plan, say=self.notices.say, recovery=recovery)
        run.stats.left_out = rows.dropped
        checkpoints = CheckpointChoice(settings.upload_checkpoints, settings.first_best)
        tracked = TrackedTrial(run, rows, checkpoints=checkpoints, source=source)
        self.trials[trial_id] = tracked
        self.writer.send(run, Opening())
        return tracked

    def reopen_trial(self, tracked: TrackedTrial) -> None:
        """Open the run again of a trial that had ended."""
        tracked.ended, tracked.stopping = False, False
        self.writer.send(tracked.run, Opening())

    def end_trial(self, tracked: TrackedTrial, ending: Ending) -> None:
        """Close the run of a trial that ended."""
        tracked.ended = True
        run = tracked.run
        if isinstance(run, RemoteTrial):
            if (broker := broker_client.broker) is not None:
                broker.set_ending.remote(run.stats.trial_id, dict(ending.summary))
        elif (checkpoint := tracked.checkpoints.final()) is not None:
            self.writer.send(run, checkpoint)
        self.writer.send(run, ending)

    def close(self) -> None:
        """Stop the writer; runs that are still uploading go on doing so."""
        if not self.writer.unfinished():
            self.media.delete()
        self.writer.stop()
        self.reconnect.stop()
        if self._attached:
            broker_client.detach(self.search_id)

    @property
    def stats(self) -> list[RunStats]:
        """The counts of all runs in the order in which they were opened."""
        return [tracked.stats for tracked in self.trials.values()]

    @property
    def mode(self) -> Mode:
        """The mode of the runs: "online" as long as one of them is."""
        modes = {run.mode for run in self.stats} or {self._access_of(self.base).mode}
        return next(mode for mode in ("online", "offline", "disabled") if mode in modes)

    @property
    def trouble(self) -> str | None:
        """What is wrong with W&B right now, in a few words; None if nothing is."""
        away = [run.trouble for run in self.stats if run.trouble]
        if away:
            return f"{count(len(away), 'run')} recorded offline: {away[-1]}"
        lost = sum(run.lost for run in self.stats)
        return f"{count(lost, 'row')} not in W&B; logger.audit() tells why" if lost else None

    @property
    def project_url(self) -> str | None:
        """The page of the project, once a run is online."""
        return next((run.project_url for run in self.stats if run.project_url), None)

    @property
    def group(self) -> str | None:
        """The group of all runs; None where they have several, or there are none."""
        groups = {str(tracked.run.plan.arguments["group"]) for tracked in self.trials.values()}
        return groups.pop() if len(groups) == 1 else None

    @property
    def group_url(self) -> str | None:
        """The page of this search's runs, once one of them is online."""
        for tracked in self.trials.values():
            if tracked.stats.project_url:
                group = quote(str(tracked.run.plan.arguments["group"]), safe="")
                return f"{tracked.stats.project_url}/groups/{group}/workspace"
        return None

    def _attach(self) -> None:
        """Send trials that write their own run the arguments of this logger."""
        if not self._attached:
            self._attached = True
            broker_client.attach(self.search_id, self.arguments, self.notices)

    def _note_drop(self, key: str, reason: str) -> None:
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

    def _access_of(self, settings: WandbSettings) -> Access:
        asked = (settings.mode, settings.api_key, settings.api_key_file, settings.host)
        if asked not in self._access:
            access = self._access[asked] = decide_access(settings, self.environ)
            if access.lacks_key:
                self.notices.say(NO_KEY)
        return self._access[asked]

    def _plan(
        self, settings: WandbSettings, names: TrialNames, config: Mapping[str, Any]
    ) -> InitPlan:
        run_id = settings.init.get("id")
        if run_id is not None and any(run.run_id == run_id for run in self.stats):
            self.notices.say(
                f"run_id={show(run_id)} was given for the whole search, but every trial is"
                " a run of its own; the second trial and those after it get their own ids.",
                once="run_id",
            )
            run_id = names.trial_id
        return make_init_plan(
            settings,
            self._access_of(settings),
            names,
            folder=str(Path(settings.dir or ".").expanduser().absolute()),
            config=config,
            run_id=run_id,
            records_environment=not self.trials,
            hook=self._hook,
        )
