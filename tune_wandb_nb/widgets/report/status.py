from tune_wandb_nb.tuning.board.snapshot import STATES, BoardSnapshot, State
from tune_wandb_nb.tuning.chart_data.wording import duration, number, shorten
from tune_wandb_nb.widgets.base.markup import (
    bar,
    escape,
    name_tag,
    params_text,
    safe_html,
    table,
)
from tune_wandb_nb.widgets.base.palette import STATE_COLORS

__all__ = ["errors_html", "headline", "status_html", "top_trials_html"]

_ENDED: tuple[State, ...] = ("done", "failed", "stopped")
_MOST_ERRORS = 20


def headline(snapshot: BoardSnapshot) -> str:
    if snapshot.error is not None:
        return "Failed"
    if snapshot.started is None:
        return "Not started"
    if snapshot.ended is None:
        return "Running"
    return "Stopped" if snapshot.counts["stopped"] else "Finished"


def status_html(snapshot: BoardSnapshot) -> str:
    counts = snapshot.counts
    total = max(snapshot.expected or 0, snapshot.total)
    shown = [state for state in STATES if counts[state] or state == "done"]
    facts = [
        f'<span><i class="dot" style="background:{STATE_COLORS[state]}"></i>'
        f"{counts[state]} {state}</span>"
        for state in shown
    ]
    times = [f"{duration(snapshot.elapsed)} elapsed"] if snapshot.started is not None else []
    times += [escape(snapshot.note)] if snapshot.note else []
    ended = sum(counts[state] for state in _ENDED)
    order: tuple[State, ...] = ("done", "failed", "stopped", "running", "paused")
    parts = [
        (counts[state] / total if total else 0.0, STATE_COLORS[state], f"{counts[state]} {state}")
        for state in order
    ]
    title = headline(snapshot)
    is_known = snapshot.expected is not None
    progress = f"{ended} of {total} trials" if is_known else f"{ended} trials over"
    return (
        f'<div class="twp"><div class="facts"><span class="head">{title}</span>'
        f'<span>{progress}</span><span class="soft">{" · ".join(times)}</span></div>'
        f"{bar(parts, progress)}<div class='facts'>{''.join(facts)}</div>"
        f"{_best(snapshot)}{_error(snapshot)}</div>"
    )


def errors_html(snapshot: BoardSnapshot) -> str:
    failed = [trial for trial in snapshot.trials if trial.state == "failed"]
    blocks = [
        f"<div><b>{name_tag(trial.name, 48)}</b> {params_text(trial.params, 4)}"
        f"<pre>{escape(trial.error or 'no traceback yet')}</pre></div>"
        for trial in failed[-_MOST_ERRORS:]
    ]
    return f'<div class="twp">{"".join(blocks)}</div>' if blocks else ""


def top_trials_html(snapshot: BoardSnapshot, most: int = 10) -> str:
    trials = (snapshot.ranked() or list(snapshot.trials))[:most]
    if not trials:
        return ""
    metric = snapshot.shown_metric
    has_params = any(trial.params for trial in trials)
    rows = [
        (
            safe_html(name_tag(trial.name, 24)),
            trial.state,
            *([trial.metrics.get(metric)] if metric else []),
            trial.iteration,
            safe_html(params_text(trial.params, 5) if has_params else ""),
        )
        for trial in trials
    ]
    values = [metric] if metric else []
    head = ("trial", "state", *values, "iterations", "hyperparameters" if has_params else "")
    return f'<div class="twp">{table(head, rows, "fit")}</div>'


def _best(snapshot: BoardSnapshot) -> str:
    best = snapshot.best
    if best is None or snapshot.metric is None:
        return ""
    value = number(best.metrics[snapshot.metric])
    return (
        f'<div class="best">Best {name_tag(snapshot.metric, 24)} <b>{escape(value)}</b> '
        f'<span class="soft">in</span> {name_tag(best.name, 32)}<br>'
        f'<span class="soft">{params_text(best.params)}</span></div>'
    )


def _error(snapshot: BoardSnapshot) -> str:
    if snapshot.error is None:
        return ""
    return f'<div class="note bad"><pre>{escape(shorten(snapshot.error, 2000))}</pre></div>'
