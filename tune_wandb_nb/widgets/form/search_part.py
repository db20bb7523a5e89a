from collections.abc import Iterable, Mapping
from itertools import product

import ipywidgets

from tune_wandb_nb.tuning.form.setup_fields import DEFAULTS, LABELS, likely_mode
from tune_wandb_nb.tuning.plan.parse import split_names
from tune_wandb_nb.tuning.plan.strategies import ALGORITHMS, SCHEDULERS, Strategy, installed
from tune_wandb_nb.widgets.base.markup import escape
from tune_wandb_nb.widgets.form.field import Field, checkbox_field, dropdown_field, text_field

__all__ = ["SearchPart"]

_MODES = (("highest", "max"), ("lowest", "min"))
_MOST_METRICS = 4


class SearchPart(ipywidgets.VBox):
    def __init__(self, metrics: Iterable[str] = ()) -> None:
        self.fields = _fields(metrics)
        self._strategies = {"scheduler": SCHEDULERS, "algorithm": ALGORITHMS}
        for name, known in self._strategies.items():
            for strategy in known.values():
                self.fields |= _settings_of(strategy)
            self.fields[name].on_change(self._show_settings)
        self._explanations = {name: ipywidgets.HTML() for name in self._strategies}
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
        self._show_settings()
        self.fields["metric"].on_change(self._offer_modes)

    def suggest(self, metrics: Iterable[str]) -> None:
        self.fields["metric"].suggest(metrics)

    def _offer_modes(self) -> None:
        """As many as there are metrics; chosen ones stay."""
        metrics = split_names(self.fields["metric"].text)
        count = min(max(len(metrics), 1), _MOST_METRICS)
        field = self.fields["mode"]
        offered = [
            (", ".join(title for title, _ in each), ", ".join(mode for _, mode in each))
            for each in product(_MODES, repeat=count)
        ]
        if [value for _, value in field.control.options] == [value for _, value in offered]:
            return
        chosen = field.text.split(", ")[:count]
        chosen += [likely_mode(metric) for metric in metrics[len(chosen) : count]]
        text = ", ".join(chosen)
        field.control.options = offered
        if any(value == text for _, value in offered):
            field.text = text

    def _strategy_box(self, name: str) -> ipywidgets.Widget:
        left = self.fields[name]
        left.layout = ipywidgets.Layout(flex="0 1 210px", min_width="0")
        right = ipywidgets.VBox(
            [self._explanations[name], self._settings[name]],
            layout=ipywidgets.Layout(flex="1 1 260px", min_width="0"),
        )
        both = ipywidgets.HBox([left, right], layout=ipywidgets.Layout(flex_flow="row wrap"))
        both.add_class("twp-strategy")
        return both

    def _show_settings(self) -> None:
        for name, known in self._strategies.items():
            strategy = known.get(self.fields[name].text)
            if strategy is None:
                continue
            explanation = escape(strategy.explained)
            html = f'<div class="twp-said hint twp-explained">{explanation}</div>'
            self._explanations[name].value = html
            shown = [self.fields[strategy.field_of(setting)] for setting in strategy.settings]
            self._settings[name].children = shown


def _fields(metrics: Iterable[str]) -> dict[str, Field]:
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
    fields = {
        "metric": text_field(
            LABELS["metric"], placeholder="accuracy; or loss, latency", suggestions=metrics
        ),
        "mode": dropdown_field(LABELS["mode"], _MODES),
        "samples": text_field(LABELS["samples"]),
        "scheduler": dropdown_field(LABELS["scheduler"], schedulers),
        "algorithm": dropdown_field(LABELS["algorithm"], algorithms, hint=hint),
        **{
            name: text_field(LABELS[name], placeholder=placeholder)
            for name, placeholder in placeholders.items()
        },
        "reuse_workers": checkbox_field(LABELS["reuse_workers"]),
    }
    for name, field in fields.items():
        field.text = DEFAULTS[name]
    return fields


def _settings_of(strategy: Strategy) -> dict[str, Field]:
    fields = {}
    for setting in strategy.settings:
        field = text_field(setting.label, placeholder=setting.hint)
        field.text = setting.default
        fields[strategy.field_of(setting)] = field
    return fields


def _row(fields: Iterable[Field] = ()) -> ipywidgets.HBox:
    row = ipywidgets.HBox(list(fields), layout=ipywidgets.Layout(flex_flow="row wrap"))
    row.add_class("twp-fields")
    return row
