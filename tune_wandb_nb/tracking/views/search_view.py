from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tune_wandb_nb.compat.graphql import (
    GROUP,
    UPSERT_VIEW,
    new_view_name,
    spec_of,
    view_address,
    view_of,
)
from tune_wandb_nb.tracking.auth.graphql import AccountError, project_page, query_server
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.views.search_run import JOB_TYPE

__all__ = [
    "NOT_INSTALLED",
    "SavedView",
    "ViewContent",
    "ViewError",
    "ask",
    "panels_of",
    "save_view",
    "upsert",
]

_BEST_SHOWN = 20
_MOST_SCATTERS = 4
NOT_INSTALLED = "wandb-workspaces is not installed: pip install 'tune-wandb-nb[view]'"


class ViewError(RuntimeError):
    """A view cannot be saved; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class ViewContent:
    name: str
    entity: str
    project: str
    group: str
    metric: str
    mode: str
    params: Mapping[str, bool]
    """What varies -> whether its axis is logarithmic."""
    has_best: bool = False
    """Whether the summary holds ``best/<metric>``."""
    important: str | None = None
    """The hyperparameter that says most about the metric."""
    has_search_run: bool = False
    has_schedule: bool = False
    """Whether hyperparameters change during a trial, and are logged as ``config/<name>``."""

    @property
    def ranked_by(self) -> str:
        return f"best/{self.metric}" if self.has_best else self.metric


@dataclass(frozen=True, slots=True)
class SavedView:
    url: str
    name: str
    """The server's own."""
    object_id: str | None


def save_view(
    host: str, key: ApiKey, content: ViewContent, before: SavedView | None = None
) -> SavedView:
    """Raises ViewError: wandb-workspaces is not installed, or the server takes no view."""
    variables = {
        "entityName": content.entity,
        "projectName": content.project,
        "name": before.name if before is not None else new_view_name(),
        "displayName": content.name,
        "type": "project-view",
        "description": "",
        "spec": _spec(content),
        "locked": False,
    }
    if before is not None:
        variables["id"] = before.object_id
    saved = upsert(host, key, variables)
    if saved is None:
        raise ViewError(f"{host} saves no view")
    name, object_id = saved
    page = project_page(host, content.entity, content.project)
    return SavedView(view_address(page, name), name, object_id)


def upsert(host: str, key: ApiKey, variables: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Save a view or a report; return its name and id, None where the server saves none."""
    return view_of(ask(host, key, UPSERT_VIEW, variables))


def ask(host: str, key: ApiKey, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return query_server(host, key, query, variables)
    except AccountError as error:
        raise ViewError(error.reason) from None


def _spec(content: ViewContent) -> str:
    try:
        from wandb_workspaces import expr, workspaces
    except ImportError:
        raise ViewError(NOT_INSTALLED) from None
    try:
        workspace = workspaces.Workspace(
            name=content.name,
            entity=content.entity,
            project=content.project,
            sections=_sections(content),
            runset_settings=workspaces.RunsetSettings(
                filters=[
                    expr.Metric("Group") == GROUP,
                    *([expr.Metric("JobType") != JOB_TYPE] if content.has_search_run else []),
                ],
                order=[
                    expr.Ordering(expr.Summary(content.ranked_by), ascending=content.mode == "min")
                ],
                pinned_columns=_columns(content),
            ),
        )
        return spec_of(workspace, content.group)
    except (AttributeError, TypeError, ValueError) as error:
        # Another version of wandb-workspaces.
        raise ViewError(f"wandb-workspaces does not take this view ({error!r:.200})") from None


def panels_of(content: ViewContent) -> list[Any]:
    from wandb_workspaces.reports import v2

    result = v2.SummaryMetric(content.ranked_by)
    axes = [
        v2.ParallelCoordinatesPlotColumn(metric=v2.Config(_path(name)), log=is_log or None)
        for name, is_log in content.params.items()
    ]
    axes.append(v2.ParallelCoordinatesPlotColumn(metric=result))
    curve = v2.LinePlot(
        title=content.metric,
        x="training_iteration",
        y=[content.metric],
        max_runs_to_show=_BEST_SHOWN,
    )
    # The most important one comes first, the others keep their order.
    scatters = sorted(content.params.items(), key=lambda item: item[0] != content.important)
    return [
        curve,
        v2.ParallelCoordinatesPlot(columns=axes),
        v2.ParameterImportancePlot(with_respect_to=content.ranked_by),
        *(
            v2.ScatterPlot(x=v2.Config(_path(name)), y=result, log_x=is_log or None)
            for name, is_log in scatters[:_MOST_SCATTERS]
        ),
    ]


def _sections(content: ViewContent) -> list[Any]:
    from wandb_workspaces import workspaces
    from wandb_workspaces.reports import v2

    sections = [workspaces.Section(name="Search", panels=panels_of(content), is_open=True)]
    if content.has_schedule:
        schedules = [
            v2.LinePlot(title=name, x="training_iteration", y=[f"config/{name}"], log_y=is_log)
            for name, is_log in content.params.items()
        ]
        sections.append(workspaces.Section(name="Schedules", panels=schedules, is_open=True))
    return sections


def _columns(content: ViewContent) -> list[str]:
    return [
        "run:displayName",
        f"summary:{content.ranked_by}",
        "summary:tune/status",
        *(f"config:{_path(name)}" for name in content.params),
    ]


def _path(name: str) -> str:
    """Write a nested name as W&B does in a config."""
    return name.replace("/", ".")
