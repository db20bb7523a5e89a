"""The panel's part for the search itself: metric, scheduler, algorithm, limits, storage."""

from collections.abc import Callable, Iterable, Mapping

import ipywidgets

from tune_wandb_nb.tuning.form.setup_fields import DEFAULTS, LABELS
from tune_wandb_nb.tuning.plan.strategies import ALGORITHMS, SCHEDULERS, Strategy, installed
from tune_wandb_nb.widgets.base.markup import escape
from tune_wandb_nb.widgets.form import field

__all__ = ["SearchPart"]

_MODES = (("highest", "max"), ("lowest", "min"))


class SearchPart(ipywidgets.VBox):
    """All settings of a search; those of a scheduler appear when it is chosen.

    Args:
        changed: called at every change.
        metrics: the metrics that the training function reports, as suggestions.
    """

    def __init__(self, changed: Callable[[], None], metrics: Iterable[str] = ()) -> None:
        self._changed = changed
        self.fields = _fields(metrics)
        self._strategies = {"scheduler": SCHEDULERS, "algorithm": ALGORITHMS}
        for name, known in self._strategies.items():
            for strategy in known.values():
                self.fields |= _settings_of(strategy)
            self.fields[name].on_change(self._lay)
        self._explained = {name: ipywidgets.HTML() for name in self._strategies}
        self._settings = {name: _row() for name in self._strategies}
        first = ("metric", "mode", "samples", "concurrency")
        limits = ("cpus", "gpus", "time_budget", "iterations", "target")
        super().__init__(
            [
                _row(self.fields[name] for name in first),
                *(self._strategy_box(name) for name in self._strategies),
                _row(self.fields[name] for name in limits),
                _row(self.fields[name] for name in ("name", "storage", "reuse_workers")),
            ]
        )
        self._lay()

    def suggest(self, metrics: Iterable[str]) -> None:
        """Offer metrics."""
        self.fields["metric"].suggest(metrics)

    def _strategy_box(self, name: str) -> ipywidgets.Widget:
        chooser = self.fields[name]
        chooser.layout = ipywidgets.Layout(flex="0 1 210px", min_width="0")
        beside = ipywidgets.VBox(
            [self._explained[name], self._settings[name]],
            layout=ipywidgets.Layout(flex="1 1 260px", min_width="0"),
        )
        both = ipywidgets.HBox([chooser, beside], layout=ipywidgets.Layout(flex_flow="row wrap"))
        both.add_class("twn-strategy")
        return both

    def _lay(self) -> None:
        for name, known in self._strategies.items():
            strategy = known.get(self.fields[name].text)
            if strategy is None:
                continue
            self._explained[
                name
            ].value = f'<div class="twn-said hint twn-explained">{escape(strategy.explained)}</div>'
            shown = [self.fields[strategy.field_of(setting)] for setting in strategy.settings]
            self._settings[name].children = shown


def _fields(metrics: Iterable[str]) -> dict[str, field.Field]:
    schedulers = [(s.title, s.name) for s in SCHEDULERS.values()]
    algorithms = [(a.title, a.name) for a in ALGORITHMS.values() if installed(a)]
    more = [a.title for a in ALGORITHMS.values() if not installed(a)]
    hint = f"{', '.join(more)} when installed" if more else ""
    placeholders: Mapping[str, str] = {
        "concurrency": "as many as fit",
        "cpus": "1",
        "gpus": "0",
        "time_budget": "none; 10 min, 1.5 h",
        "iterations": "no limit",
        "target": "its metric, e.g. 0.99",
        "name": "from the function",
        "storage": "~/ray_results",
    }
    found = {
        "metric": field.text(LABELS["metric"], placeholder="accuracy", suggestions=metrics),
        "mode": field.choice(LABELS["mode"], _MODES),
        "samples": field.text(LABELS["samples"]),
        "scheduler": field.choice(LABELS["scheduler"], schedulers),
        "algorithm": field.choice(LABELS["algorithm"], algorithms, hint=hint),
        **{
            name: field.text(LABELS[name], placeholder=placeholder)
            for name, placeholder in placeholders.items()
        },
        "reuse_workers": field.box(LABELS["reuse_workers"]),
    }
    for name, one in found.items():
        one.text = DEFAULTS[name]
    return found


def _settings_of(strategy: Strategy) -> dict[str, field.Field]:
    found = {}
    for setting in strategy.settings:
        one = field.text(setting.label, placeholder=setting.hint)
        one.text = setting.default
        found[strategy.field_of(setting)] = one
    return found


def _row(fields: Iterable[field.Field] = ()) -> ipywidgets.HBox:
    row = ipywidgets.HBox(list(fields), layout=ipywidgets.Layout(flex_flow="row wrap"))
    row.add_class("twn-fields")
    return row
