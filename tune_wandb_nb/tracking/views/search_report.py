import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tune_wandb_nb.compat.graphql import (
    GROUP,
    PROJECT_ID,
    new_report_name,
    project_id_of,
    report_spec,
)
from tune_wandb_nb.tracking.auth.graphql import project_page
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.views.search_run import JOB_TYPE, TrialEntry
from tune_wandb_nb.tracking.views.search_view import (
    NOT_INSTALLED,
    ViewContent,
    ViewError,
    ask,
    panels_of,
    upsert,
)

__all__ = ["save_report"]

_MOST_TRIALS = 50
_LONGEST_TITLE = 128
_MARKS = re.compile(r"([\\`*_\[\]<>|#~$&])")


def save_report(host: str, key: ApiKey, content: ViewContent, trials: Sequence[TrialEntry]) -> str:
    """Save a report, and return its address; raises ViewError as `save_view` does."""
    where = {"entityName": content.entity, "projectName": content.project}
    project_id = project_id_of(ask(host, key, PROJECT_ID, where))
    if project_id is None:
        raise ViewError(f"{host} has no project {content.project!r} of {content.entity!r}")
    variables = {
        **where,
        "name": new_report_name(),
        "displayName": content.name[:_LONGEST_TITLE],
        "type": "runs",
        "description": "",
        "spec": _spec(content, trials, project_id),
    }
    saved = upsert(host, key, variables)
    if saved is None or not saved[1]:
        raise ViewError(f"{host} saves no report")
    page = project_page(host, content.entity, content.project)
    title = quote(content.name[:_LONGEST_TITLE].replace(" ", "-"), safe="")
    return f"{page}/reports/{title}--{saved[1].rstrip('=')}"


def _spec(content: ViewContent, trials: Sequence[TrialEntry], project_id: str) -> str:
    try:
        from wandb_workspaces import expr
        from wandb_workspaces.reports import v2
    except ImportError:
        raise ViewError(NOT_INSTALLED) from None
    try:
        runs = v2.Runset(
            name=content.name,
            filters=[expr.Metric("Group") == GROUP, expr.Metric("JobType") != JOB_TYPE],
        )
        report = v2.Report(
            entity=content.entity,
            project=content.project,
            title=content.name[:_LONGEST_TITLE],
            blocks=[
                v2.MarkdownBlock(text=_summary(content, trials)),
                v2.PanelGrid(runsets=[runs], panels=panels_of(content)),
                v2.MarkdownBlock(text=_table(content, trials)),
            ],
        )
        return report_spec(report, content.group, content.entity, content.project, project_id)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ViewError(f"wandb-workspaces does not take this report ({error!r:.200})") from None


def _summary(content: ViewContent, trials: Sequence[TrialEntry]) -> str:
    goal = "lowest" if content.mode == "min" else "highest"
    varied = ", ".join(map(_plain, content.params)) or "no hyperparameter"
    lines = [
        f"{len(trials):,} trials that vary {varied}, for the {goal} {_plain(content.metric)}.",
    ]
    if trials and content.metric in trials[0].metrics:
        best = trials[0]
        lines.append(
            f"**Best trial**: {_plain(best.name)} with {_plain(content.metric)} ="
            f" {best.metrics[content.metric]:.6g}; {_settings(best.params, content)}"
        )
    return "\n\n".join(lines)


def _table(content: ViewContent, trials: Sequence[TrialEntry]) -> str:
    names = list(content.params)
    head = ["trial", "status", content.metric, *names]
    rows = [
        [each.name, each.status, each.metrics.get(content.metric), *map(each.params.get, names)]
        for each in trials[:_MOST_TRIALS]
    ]
    lines: list[list[Any]] = [head, ["---"] * len(head), *rows]
    text = "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)
    more = len(trials) - _MOST_TRIALS
    return text if more <= 0 else f"{text}\n\nand {more:,} more"


def _settings(params: Mapping[str, Any], content: ViewContent) -> str:
    shown = [f"{_plain(name)} = {_cell(params.get(name))}" for name in content.params]
    return ", ".join(shown) or "no hyperparameter varies"


def _cell(value: Any) -> str:
    if value == "---" or value is None:
        return value or ""
    return f"{value:.6g}" if isinstance(value, float) else _plain(value)


def _plain(value: object) -> str:
    """Escape what Markdown or HTML would not show."""
    return _MARKS.sub(r"\\\1", " ".join(str(value).split()))
