import json
from collections.abc import Sequence
from typing import Any

import ipywidgets

from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.search_space.inspection.import_name import CodeName
from tune_wandb_nb.search_space.space.space import SearchSpace
from tune_wandb_nb.tuning.chart_data.wording import number
from tune_wandb_nb.tuning.form.setup import Reading
from tune_wandb_nb.tuning.form.setup_fields import FieldProblem
from tune_wandb_nb.tuning.plan.plan import Plan
from tune_wandb_nb.tuning.plan.plan_code import plan_code
from tune_wandb_nb.widgets.base.markup import escape, note, table

__all__ = ["Overview", "sweep_yaml", "trials_text"]

_SHOWN = 8
_NOT_YET = "It appears here as soon as nothing is wrong."
# It also selects the text, to be copied by hand in a browser without access to the clipboard.
_COPY = (
    "const b=this,p=b.parentNode.querySelector('pre'),s=getSelection(),r=document.createRange();"
    "r.selectNodeContents(p);s.removeAllRanges();s.addRange(r);"
    "const d=()=>{b.textContent='Copied';setTimeout(()=>{b.textContent='Copy'},1500)};"
    "const f=()=>{if(document.execCommand('copy'))d()};"
    "if(navigator.clipboard){navigator.clipboard.writeText(p.textContent).then(d,f)}else{f()}"
)


class Overview(ipywidgets.VBox):
    def __init__(self) -> None:
        self.trials = ipywidgets.HTML()
        self.samples = ipywidgets.HTML()
        self.code = ipywidgets.HTML()
        self.sweep = ipywidgets.HTML()
        self.tabs = ipywidgets.Tab([self.samples, self.code, self.sweep])
        for index, title in enumerate(("Sampled", "Python", "W&B sweep")):
            self.tabs.set_title(index, title)
        super().__init__([self.trials, self.tabs])

    def show(self, reading: Reading, warnings: Sequence[FieldProblem], trainable: CodeName) -> None:
        plan = reading.plan
        self.trials.value = _trials_html(reading, warnings)
        self.samples.value = _samples_html(reading)
        self.code.value = _code_html(plan_code(plan, trainable)) if plan else note(_NOT_YET)
        self.sweep.value = _sweep_html(plan) if plan else note(_NOT_YET)


def trials_text(plan: Plan) -> str:
    trials = f"{plan.trials:,} trial{'s' if plan.trials != 1 else ''}"
    grids = [
        f"{distribution.size} (grid of {name})"
        for name, distribution in plan.space.items()
        if distribution.size > 1
    ]
    if not grids:
        return trials
    samples = f"{plan.samples:,} sample{'s' if plan.samples != 1 else ''}"
    return f"{trials}: {' x '.join([samples, *grids])}"


def sweep_yaml(plan: Plan) -> str:
    """Raises SpaceError."""
    import yaml

    config: dict[str, Any] = {"program": "train.py"}
    config |= {k: plan.wandb[k] for k in ("project", "entity") if k in plan.wandb}
    config |= {"name": plan.name} if plan.name else {}
    if len(plan.objectives) > 1:
        metrics = ", ".join(metric for metric, _ in plan.objectives)
        raise SpaceError(f"a W&B sweep tunes one metric, but there are several: {metrics}.")
    ((metric, mode),) = plan.objectives
    sweep = plan.space.to_sweep_config(metric, mode)
    if sweep["method"] != "grid":
        config["run_cap"] = plan.samples
    text: str = yaml.safe_dump({**config, **sweep}, sort_keys=False, allow_unicode=True)
    return text


def _trials_html(reading: Reading, warnings: Sequence[FieldProblem]) -> str:
    if reading.plan is None:
        count = len(reading.problems)
        things = f"{count} thing{'s are' if count > 1 else ' is'} to be put right first"
        items = "".join(f"<li>{escape(problem)}</li>" for problem in reading.problems[:6])
        return (
            f'<div class="twp"><div class="head">{things}</div><ul class="bad">{items}</ul></div>'
        )
    items = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return (
        f'<div class="twp"><div class="head">{escape(trials_text(reading.plan))}</div>'
        + (f'<ul class="odd">{items}</ul>' if items else "")
        + "</div>"
    )


def _samples_html(reading: Reading) -> str:
    if reading.space is None:
        return note(_NOT_YET)
    if not reading.space:
        return note("Every trial gets an empty config.")
    plan = reading.plan or Plan(reading.space, "", "min", samples=_SHOWN)
    title = "The first trials" if plan.seed is not None else "Such trials, drawn anew at the start"
    names = list(reading.space)
    rows = [
        [_cell(reading.space, name, config.get(name)) for name in names]
        for config in plan.samples_shown(_SHOWN)
    ]
    return (
        f'<div class="twp"><div class="soft">{title}:</div>'
        f'<div class="twp-wide">{table(names, rows)}</div></div>'
    )


def _cell(space: SearchSpace, name: str, value: object) -> object:
    if space[name].kind == "kept":
        return "as given"
    if isinstance(value, list | tuple | dict):
        return json.dumps(value)
    return value if isinstance(value, str | int | float) else number(value)


def _sweep_html(plan: Plan) -> str:
    try:
        return _code_html(sweep_yaml(plan))
    except SpaceError as error:
        return note(f"W&amp;B cannot run this as a sweep: {escape(error)}")


def _code_html(text: str) -> str:
    return (
        f'<div class="twp twp-code"><button class="twp-copy" onclick="{_COPY}">Copy</button>'
        f"<pre>{escape(text)}</pre></div>"
    )
