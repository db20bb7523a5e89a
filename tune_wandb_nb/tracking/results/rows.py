from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tune_wandb_nb.compat.wandb_names import TIMESTAMP
from tune_wandb_nb.tracking.results.payload import BestSoFar, Excludes, Splitter, flatten
from tune_wandb_nb.tracking.settings.config_entry import own_entry, without_key

__all__ = ["Row", "RowRules", "TrialRows", "hyperparameters", "with_timestamp"]

_ITERATION = "training_iteration"
_PROCESS_KEYS = frozenset({"node_ip", "hostname", "pid", "experiment_tag"})
"""A change of one is another process: all automatic values are new. Of "date" only the first value
counts."""
_CALLBACKS = "callbacks"


@dataclass(frozen=True, slots=True)
class Row:
    metrics: Mapping[str, Any]
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    step: int | None = None
    is_reported: bool = True
    """Whether Tune reported it; the user may add others."""


@dataclass(frozen=True, slots=True)
class RowRules:
    splitter: Splitter
    excludes: Excludes
    log_config: bool = False
    best: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, excludes: tuple[str, ...], *, log_config: bool, best: Mapping[str, str]
    ) -> "RowRules":
        checked = Excludes(excludes)
        return cls(Splitter(checked, log_config=log_config), checked, log_config, best)


class TrialRows:
    """Turns a trial's results into rows; unchanged config and texts are not repeated.

    ``on_drop`` gets each metric that cannot be logged, once, with its type or the reason.
    """

    def __init__(
        self,
        rules: RowRules,
        config: Mapping[str, Any],
        *,
        on_drop: Callable[[str, str], None] = lambda *_: None,
    ) -> None:
        self.config = hyperparameters(config, rules.excludes)
        self.dropped: Counter[tuple[str, str]] = Counter()
        """(metric, type or reason) -> how many of its values could not be logged."""
        self._on_drop = on_drop
        self._rules = rules
        self._best = BestSoFar(rules.best)
        self._initial: dict[str, Any] = {}
        self._exploits: list[str] = []
        self._auto: dict[str, Any] = {}
        self._texts: dict[str, str] = {}
        self._is_config_known = False
        self._iteration = 0

    def row(self, result: Mapping[str, Any]) -> Row:
        payload = self._rules.splitter.split(result)
        for drop in payload.dropped.items():
            if drop not in self.dropped:
                self._on_drop(*drop)
            self.dropped[drop] += 1
        iteration = result.get(_ITERATION)
        step = iteration if isinstance(iteration, int) else None
        summary: dict[str, Any] = {
            key: text for key, text in payload.texts.items() if self._texts.get(key) != text
        }
        self._texts.update(payload.texts)
        summary.update(self._best.update(payload.metrics, step or 0))
        if self._exploits and self._rules.log_config:
            payload.metrics["tune/exploits"] = len(self._exploits)
        config = {**self._auto_changes(payload.config), **self._resolved(result)}
        self._iteration = self._iteration if step is None else step
        return Row(payload.metrics, config, summary, step)

    def added_row(self, values: Mapping[str, Any], step: int | None = None) -> Row:
        """Make a row of the user's; ``step`` is by default the last iteration."""
        payload = self._rules.splitter.split(values)
        for drop in payload.dropped.items():
            self._on_drop(*drop)
        if payload.metrics and not self._rules.excludes.matches(_ITERATION):
            payload.metrics.setdefault(_ITERATION, self._iteration if step is None else step)
        return Row(payload.metrics, payload.config, payload.texts, is_reported=False)

    def change_config(
        self, config: Mapping[str, Any], *, source: str | None = None, iteration: int = 0
    ) -> Row | None:
        """Apply a whole new config: the run keeps the first values beside the newest.

        ``source`` is the trial from which it was copied after ``iteration`` (a PBT exploit).
        """
        new = hyperparameters(config, self._rules.excludes)
        before = dict(flatten(self.config))
        changed = _changes(before, dict(flatten(new)))
        if not changed and source is None:
            return None
        for key in changed:
            if key in before:
                self._initial.setdefault(f"initial/{key}", before[key])
        self.config = new
        self._is_config_known = False
        summary: dict[str, Any] = {}
        if source is not None:
            self._exploits.append(f"{source} after iteration {iteration}")
            summary["tune/exploited"] = "; ".join(self._exploits)
        return Row({}, {**new, **self._initial}, summary)

    def state(self) -> dict[str, Any]:
        return {
            "best": self._best.values(),
            "initial": dict(self._initial),
            "exploits": list(self._exploits),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self._best = BestSoFar(self._rules.best, state["best"])
        self._initial = dict(state["initial"])
        self._exploits = list(state["exploits"])

    def _resolved(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the trainable has changed in its config, once after a change of Tune's."""
        config = result.get("config")
        if self._is_config_known or not isinstance(config, Mapping):
            return {}
        # RLlib has hundreds of values in every result.
        self._is_config_known = True
        changed = _changes(self.config, hyperparameters(config, self._rules.excludes))
        self.config = {**self.config, **changed}
        return changed

    def _auto_changes(self, auto: Mapping[str, Any]) -> dict[str, Any]:
        if auto and all(self._auto.get(key) == auto[key] for key in auto if key in _PROCESS_KEYS):
            changes = {key: value for key, value in auto.items() if key not in self._auto}
        else:
            changes = dict(auto)
        self._auto.update(changes)
        return changes


def with_timestamp(row: Row, result: Mapping[str, Any]) -> Row:
    """W&B would take the time of the upload."""
    reported_at = result.get("timestamp")
    if not row.metrics or not isinstance(reported_at, int | float):
        return row
    return replace(row, metrics={**row.metrics, TIMESTAMP: float(reported_at)})


def hyperparameters(config: Mapping[str, Any], excludes: Excludes) -> dict[str, Any]:
    if own_entry(config) is not None:
        # Something of the user's own: without a key in it, a hyperparameter.
        kept = {key: value for key, value in without_key(config).items() if key != _CALLBACKS}
        return excludes.prune(kept)
    kept = {key: value for key, value in config.items() if key not in ("wandb", _CALLBACKS)}
    logger_config = kept.get("logger_config")
    if isinstance(logger_config, Mapping):
        inner = {key: value for key, value in logger_config.items() if key != "wandb"}
        kept.pop("logger_config")
        if inner:
            kept["logger_config"] = inner
    return excludes.prune(kept)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in after.items()
        if key not in before or not _is_equal(before[key], value)
    }


def _is_equal(one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(_is_equal, one, other))
    if one is other:
        return True
    # Broadcasting would make [1, 1] equal to [1].
    if getattr(one, "shape", ()) != getattr(other, "shape", ()):
        return False
    try:
        equal = (one == other) | ((one != one) & (other != other))  # noqa: PLR0124 - NaN alone
        return bool(equal.all() if hasattr(equal, "all") else equal)
    except Exception:
        # Logging an unchanged value again is harmless.
        return False
