import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets

from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.search_space.inspection.import_name import CodeName, code_name
from tune_wandb_nb.search_space.space.space import SearchSpace
from tune_wandb_nb.tuning.form.last_setup import recall, remember
from tune_wandb_nb.tuning.form.setup_json import setup_from_json, setup_to_json
from tune_wandb_nb.tuning.form.space_rows import rows_of
from tune_wandb_nb.tuning.plan.plan import Plan
from tune_wandb_nb.widgets.base.frontend import allow_widgets, user_names
from tune_wandb_nb.widgets.base.markup import STYLE
from tune_wandb_nb.widgets.base.static_output import StaticOutput
from tune_wandb_nb.widgets.experiment import Experiment
from tune_wandb_nb.widgets.form.form import Form
from tune_wandb_nb.widgets.panel.form_access import FormAccess, SetupError
from tune_wandb_nb.widgets.panel.launcher import experiment_of, summary_of
from tune_wandb_nb.widgets.panel.panel_style import PANEL_STYLE
from tune_wandb_nb.widgets.panel.prefill import as_texts, initial_space, initial_texts, likely_modes
from tune_wandb_nb.widgets.panel.start_bar import RestoreOffer, StartBar

if TYPE_CHECKING:
    from ray import tune

__all__ = ["SetupPanel"]


class SetupPanel(FormAccess, ipywidgets.VBox):
    """A form for a whole search: account, project, search space, search; and a start button.

    The metrics, and without ``param_space`` the hyperparameters, come from the function's source.
    The dashboard appears below when the search starts. An API key that is typed in stays in this
    kernel's memory.

    Args:
        trainable: What ``tune.Tuner`` takes.
        param_space: The search space to begin with. What the form cannot express is kept as it
            is; the settings of its ``wandb`` entry are taken over.
        metric: What is tuned, or several metrics; by default the first that the function reports.
        mode: "min" or "max", or a list; by default guessed from the metric's name.
        project: The W&B project.
        height: The height of the W&B page in pixels.
        **fields: Any other field, such as ``samples=16`` or ``scheduler="asha"``.

    Raises:
        SpaceError: a ``param_space`` that Tune cannot use either.
        TypeError: a field that does not exist.

    Example:
        >>> def train(config):
        ...     return {"loss": config["lr"] * config.get("momentum", 0.9)}
        >>> panel = SetupPanel(train, samples=4)
        >>> list(panel.search_space), panel.fields["metric"].text
        (['lr', 'momentum'], 'loss')
    """

    def __init__(
        self,
        trainable: Any = None,
        param_space: Mapping[str, Any] | None = None,
        *,
        metric: str | Sequence[str] | None = None,
        mode: str | Sequence[str] | None = None,
        project: str | None = None,
        height: int = 760,
        **fields: Any,
    ) -> None:
        self._trainable = trainable
        self._height = height
        self._experiment: Experiment | None = None
        self._static_output = StaticOutput()
        self._remembers_changes = False
        space = initial_space(trainable, param_space)
        texts = initial_texts(trainable, param_space)
        self._start_bar = StartBar(self.start, self.stop, self.resume, self._fold)
        self.form = Form(self._code_name, self._on_change)
        self.form.suggest_metrics(trainable)
        self.space.rows = rows_of(space)
        mode = likely_modes(metric) if mode is None else mode
        given = as_texts({"metric": metric, "mode": mode, "project": project, **fields})
        self.form.set_texts(texts | given)
        self._dashboard_box = ipywidgets.VBox()
        self._restore_offer = RestoreOffer(self._restore)
        style = ipywidgets.HTML(STYLE + PANEL_STYLE + self._static_output.hide_while_live)
        style.layout = ipywidgets.Layout(display="none")
        super().__init__(
            [style, self._restore_offer, self.form, self._start_bar, self._dashboard_box]
        )
        self.add_class("twp-panel")
        self.add_class(self._static_output.live_class)
        self._offer_last_setup()
        self._remembers_changes = True

    def __repr__(self) -> str:
        status = "not started" if self._experiment is None else self._experiment.status
        return f"<SetupPanel: {status}>"

    @property
    def trainable(self) -> Any:
        """What is trained; can be set."""
        return self._trainable

    @trainable.setter
    def trainable(self, trainable: Any) -> None:
        self._trainable = trainable
        self.form.suggest_metrics(trainable)
        if not self.space.rows:
            self.space.rows = rows_of(SearchSpace.from_trainable(trainable))
        if not self.fields["metric"].text.strip():
            self.set(**initial_texts(trainable, None))
        self.form.refresh()

    # Saving and loading the form

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Write what is typed, without a key, as JSON."""
        Path(path).write_text(setup_to_json(self.setup), encoding="utf-8")

    @classmethod
    def load(
        cls,
        path: "str | os.PathLike[str]",
        trainable: Any = None,
        param_space: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> "SetupPanel":
        """Return a panel with what `save` wrote.

        Objects that JSON cannot hold come from ``param_space``.

        Raises:
            SpaceError: there is something else in the file.
        """
        panel = cls(trainable, param_space, **given)
        panel._fill(Path(path).read_text(encoding="utf-8"))
        return panel

    # Running the search

    @property
    def experiment(self) -> Experiment | None:
        """The search that was started last."""
        return self._experiment

    @property
    def results(self) -> "tune.ResultGrid | None":
        """The results of the last search; None until it has ended."""
        return None if self._experiment is None else self._experiment.results

    def start(self) -> None:
        """Start the search, show its dashboard and return at once.

        Raises:
            SetupError: something is wrong, there is no function, or a search runs.
        """
        plan = self.plan
        if self._trainable is None:
            raise SetupError(
                "there is no training function: SetupPanel(train), or panel.trainable = train."
            )
        if self._start_bar.is_running:
            raise SetupError("a search runs already; stop() it first.")
        experiment = experiment_of(plan, self._trainable, height=self._height)
        self._show(experiment, plan)
        experiment.start(show=False)
        self._watch(experiment)

    def stop(self) -> None:
        """Ask the search to end."""
        if self._experiment is not None:
            self._experiment.stop()
            self._start_bar.show(self._experiment.status)

    def resume(self) -> None:
        """Go on with the search that was stopped.

        Raises:
            SetupError: there is none.
        """
        if self._experiment is None:
            raise SetupError("there is no search to resume: start() one.")
        self._experiment.resume(show=False)
        self._watch(self._experiment)

    def wait(self, timeout: float | None = None) -> "tune.ResultGrid":
        """Wait for the search and return its results.

        Raises:
            SetupError: no search was started.
            TimeoutError: it still runs after ``timeout`` seconds.
        """
        if self._experiment is None:
            raise SetupError("there is no search to wait for: start() one.")
        return self._experiment.wait(timeout)

    # Internals

    def _show(self, experiment: Experiment, plan: Plan) -> None:
        self._experiment = experiment
        self._start_bar.summary = summary_of(plan)
        dashboard = experiment.dashboard
        assert dashboard is not None
        dashboard.lasts_in(self._static_output)
        dashboard.shows_stop = False  # the start bar does
        self._dashboard_box.children = [dashboard]
        self._start_bar.fold(True)

    def _watch(self, experiment: Experiment) -> None:
        self._start_bar.show("running")

        def wait() -> None:
            # The dashboard shows the error.
            with suppress(BaseException):
                experiment.wait()
            if experiment is self._experiment:
                self._start_bar.show(experiment.status)
                self.form.refresh()

        threading.Thread(target=wait, name="setup-panel", daemon=True).start()

    def _on_change(self) -> None:
        self._start_bar.check(len(self.problems), has_function=self._trainable is not None)
        if self._remembers_changes:
            remember(self._trainable, setup_to_json(self.setup))

    def _code_name(self) -> CodeName:
        return code_name(self._trainable, user_names())

    def _fold(self, folded: bool) -> None:
        self.form.layout.display = "none" if folded else None

    def _offer_last_setup(self) -> None:
        text = recall(self._trainable)
        if text is not None and text != setup_to_json(self.setup):
            self._restore_offer.show(text)

    def _restore(self, text: str) -> str:
        try:
            missing = self._fill(text)
        except SpaceError as error:
            return str(error)
        if missing:
            return f"Left out, since the param_space given now lacks them: {', '.join(missing)}."
        return ""

    def _fill(self, text: str) -> tuple[str, ...]:
        kept = {row.name: row.kept for row in self.space.rows if row.kept is not None}
        setup, missing = setup_from_json(text, kept)
        self.form.setup = setup
        return missing

    def _ipython_display_(self, **_: Any) -> None:
        allow_widgets()
        status = None if self._experiment is None else self._experiment.status
        ended = status in ("finished", "stopped", "failed")
        dashboard = self._experiment.dashboard if self._experiment and ended else None
        self._static_output.display(self, None if dashboard is None else dashboard.report)
