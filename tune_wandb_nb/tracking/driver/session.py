import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.compat.ray_search import TuneSearch
from tune_wandb_nb.tracking.auth.access import NO_KEY, Access, decide_access
from tune_wandb_nb.tracking.control.search_pages import SearchPages
from tune_wandb_nb.tracking.control.stop_requests import StopRequests
from tune_wandb_nb.tracking.driver.departure import Departure
from tune_wandb_nb.tracking.driver.reconnect import Reconnect
from tune_wandb_nb.tracking.driver.remote_trials import CLAIMS_WITHIN, RemoteTrial, RemoteTrials
from tune_wandb_nb.tracking.driver.trials import TrackedTrial, Trials
from tune_wandb_nb.tracking.driver.writer import HandOver, Item, Opening, RunWriter
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice
from tune_wandb_nb.tracking.results.media import MediaFolder
from tune_wandb_nb.tracking.results.metric_limit import MetricNames
from tune_wandb_nb.tracking.results.rows import RowRules, TrialRows
from tune_wandb_nb.tracking.results.trial_end import STATUS, Ending
from tune_wandb_nb.tracking.runs.init_plan import (
    InitPlan,
    TrialNames,
    make_init_plan,
    shared_id_notice,
)
from tune_wandb_nb.tracking.runs.resilient_run import RecoveryFromTune
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.runs.wandb_core import CoreWatch
from tune_wandb_nb.tracking.settings.checks import check_writable
from tune_wandb_nb.tracking.settings.config_entry import (
    entry_of,
    own_entry_notice,
    warn_of_exposed_key,
)
from tune_wandb_nb.tracking.settings.init_arguments import check_init_arguments
from tune_wandb_nb.tracking.settings.ray_hooks import populate_run_location, run_info_hook
from tune_wandb_nb.tracking.settings.settings import WandbSettings, check_project, with_open_run
from tune_wandb_nb.tracking.settings.trial_values import call_functions

__all__ = ["Session"]


class Session:
    base: WandbSettings
    pages: SearchPages
    remote: RemoteTrials
    _hook: Callable[[Any], None] | None

    def __init__(
        self,
        arguments: Mapping[str, Any],
        environ: Mapping[str, str] = os.environ,
        *,
        restored: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        search: TuneSearch | None = None,
    ) -> None:
        self.arguments = arguments
        self.environ = environ
        self.restored = restored
        self.search = search
        self.search_id = secrets.token_hex(8)
        self.notices = Notices()
        self.writer = RunWriter()
        self.media = MediaFolder()
        self.stops = StopRequests()
        self.trials = Trials()
        self.tune_trials: Sequence[Any] = ()
        self.departure: Departure | None = None
        self.reconnect = Reconnect(self.notices.say)
        self._core = CoreWatch()
        self._names = MetricNames(self.notices.say)
        self._access: dict[Any, Access] = {}
        self._rules: dict[Any, RowRules] = {}
        self._claimed: set[str] = set()
        """Trials that claimed their runs before Tune reported their start."""
        self._handing_over: set[str] = set()
        """Trials whose claimed run the driver still closes."""
        self._unopened: dict[str, float] = {}
        """Trials that may still claim their runs, and when the driver opens them instead."""

    def start(self) -> None:
        """Check what can be checked without a trial, and start the writer."""
        self.arguments = with_open_run(self.arguments)
        if WandbSettings.resolve(self.arguments, None, self.environ).project is None:
            populate_run_location(self.environ)
        self.base = WandbSettings.resolve(self.arguments, None, self.environ)
        self._hook = run_info_hook(self.environ)
        if self.base.api_key_file is not None or self.base.api_key is not None:
            self._access_of(self.base)
        if self.base.dir is not None and self.base.mode != "disabled":
            check_writable(self.base.dir)
        self.pages = SearchPages(
            self.base,
            partial(self._access_of, self.base),
            self.search,
            self.notices.say,
            open_run=partial(self.writer.send, item=Opening()),
            send=self.writer.send,
            on_offline=self.reconnect.expect,
        )
        self.arguments = self.pages.begin(self.arguments, self.restored)
        self.base = WandbSettings.resolve(self.arguments, None, self.environ)
        self.remote = RemoteTrials(self.search_id, self.arguments, self.notices, self._hand_over)
        self.remote.start()
        self.writer.start()

    def poll(self, find_experiment: Callable[[], str | None]) -> None:
        self.remote.poll(find_experiment)
        now = time.monotonic()
        for trial_id in [trial_id for trial_id, at in self._unopened.items() if at <= now]:
            if (tracked := self.trials.get(trial_id)) is not None:
                self._open(tracked)
        self.poll_pages()
        self.notices.flush()

    def poll_pages(self) -> None:
        """Act on what was decided in W&B; make the pages once the search's first run is online."""
        self.pages.poll()
        if (first := self.trials.first) is None:
            return
        self.pages.follow(self.tune_trials, first.stats.trial_id, first.run.plan)
        if self.pages.are_due and (page := first.stats.project_url) is not None:
            self.pages.publish(page, self.trials.group, self.trials.group_url)

    def open_trial(
        self,
        names: TrialNames,
        config: Mapping[str, Any],
        source: TrialSource,
        *,
        inherits_mixin: bool = False,
        trial: Any = None,
    ) -> TrackedTrial:
        """Open the run of a trial that starts, or leave that to the trial's process.

        A trainable with the mixin opens it. Where another may claim it, by `setup_wandb`, the
        driver opens it with the first result.
        """
        trial_id, name = str(names.trial_id), str(names.name)
        settings = self._settings_of(config, trial or names)
        rules = self._rules_of(settings)
        rows = TrialRows(rules, config, on_drop=self._note_drop)
        restored = self.restored.get(trial_id)
        if restored is not None:
            rows.restore(restored)
            source = replace(source, earlier=restored.get("folder") or "")
        plan = self._plan(settings, names, rows.config)
        run: TrialRun | RemoteTrial
        if inherits_mixin or trial_id in self._claimed:
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
        tracked = TrackedTrial(run, rows, checkpoints, source, logs_output=settings.log_output)
        self.trials.add(tracked)
        self._unopened[trial_id] = time.monotonic() + CLAIMS_WITHIN
        if isinstance(run, RemoteTrial) or not self.remote.is_attached:
            self._open(tracked)
        return tracked

    def reopen_trial(self, tracked: TrackedTrial) -> None:
        tracked.ended, tracked.stopping = False, False
        self._unopened[tracked.stats.trial_id] = 0.0
        self._open(tracked)

    def send(self, tracked: TrackedTrial, item: Item) -> None:
        self._open(tracked)
        self.writer.send(tracked.run, item)

    def end_trial(self, tracked: TrackedTrial, ending: Ending) -> None:
        self._open(tracked)
        tracked.ended, tracked.status = True, str(ending.summary.get(STATUS) or "")
        run = tracked.run
        if isinstance(run, RemoteTrial):
            self.remote.end(run.stats.trial_id, ending)
        elif (checkpoint := tracked.checkpoints.final()) is not None:
            self.writer.send(run, checkpoint)
        self.writer.send(run, ending)

    def close(self) -> None:
        """Stop the writer; runs go on uploading."""
        if not self.writer.unfinished():
            self.media.delete()
        self.writer.stop()
        self.reconnect.stop()
        self.remote.stop()
        self.pages.end()
        if self.search is not None:
            self.search.forget()

    def _open(self, tracked: TrackedTrial) -> None:
        if self._unopened.pop(tracked.stats.trial_id, None) is not None:
            if isinstance(tracked.run, RemoteTrial):
                self.remote.add(tracked.stats)
            self.writer.send(tracked.run, Opening())

    def _hand_over(self, trial_id: str) -> None:
        if trial_id in self._handing_over:
            return
        if (tracked := self.trials.get(trial_id)) is None:
            self._claimed.add(trial_id)
        if tracked is None or tracked.ended or isinstance(tracked.run, RemoteTrial):
            self.remote.release(trial_id)
            return
        written, rows = tracked.run, tracked.rows
        tracked.run = RemoteTrial(trial_id, written.stats.name, written.plan)
        tracked.run.stats.reported = written.stats.reported
        is_unopened = trial_id in self._unopened
        self._unopened[trial_id] = 0.0
        self._open(tracked)
        if is_unopened:
            self.remote.release(trial_id)
            return

        def release() -> None:
            state = {"step": written.next_step, "config": rows.config, "rows": rows.state()}
            self.remote.release(trial_id, written.stats.to_report(), state)
            self._handing_over.discard(trial_id)

        self._handing_over.add(trial_id)
        self.writer.send(written, HandOver(Ending("running"), release))

    def _note_drop(self, key: str, reason: str) -> None:
        self.notices.say(f"{key!r} cannot be logged to W&B ({reason}) and is left out.", once=key)

    def _settings_of(self, config: Mapping[str, Any], trial: Any) -> WandbSettings:
        entry, settings = entry_of(config), self.base
        arguments = call_functions(self.arguments, trial)
        if (notice := own_entry_notice(config)) is not None:
            self.notices.say(notice, once="own entry")
        if entry is not None or arguments is not self.arguments:
            warn_of_exposed_key(config)
            settings = WandbSettings.resolve(arguments, entry, self.environ)
            check_init_arguments(settings.init)
            if settings.dir is not None and settings.dir != self.base.dir:
                check_writable(settings.dir)
        check_project(settings, way="pass WandbLogger(project='my-project'), ")
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
        if run_id is not None and self.trials.has_run_id(str(run_id)):
            self.notices.say(shared_id_notice(run_id), once="run_id")
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
            on_stop=partial(self.stops.ask, str(names.trial_id)),
        )
