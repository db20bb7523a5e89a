import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "GROUP",
    "PROJECTS",
    "PROJECT_ID",
    "RUN",
    "SAMPLED_ROWS",
    "SWEEP_STATE",
    "UPSERT_SWEEP",
    "UPSERT_VIEW",
    "VIEWER",
    "first_error",
    "names_of",
    "new_report_name",
    "new_view_name",
    "project_id_of",
    "report_spec",
    "run_of",
    "sample_of_steps",
    "sampled_rows",
    "spec_of",
    "state_of_sweep",
    "sweep_of",
    "view_address",
    "view_of",
]

VIEWER = "query Viewer { viewer { id entity teams { edges { node { name } } } } }"
PROJECTS = (
    "query GetProjects($entity: String!, $perPage: Int) { models(entityName: $entity,"
    " first: $perPage) { edges { node { name } } } }"
)
RUN = (
    "query RunResumeStatus($project: String, $entity: String, $name: String!) {"
    " model(name: $project, entityName: $entity) { bucket(name: $name, missingOk: true) {"
    " state historyLineCount historyTail summaryMetrics } } }"
)
SAMPLED_ROWS = (
    "query RunSampledHistory($project: String!, $entity: String!, $name: String!,"
    " $spec: JSONString!) { project(name: $project, entityName: $entity) { run(name: $name) {"
    " sampledHistory(specs: [$spec]) } } }"
)

UPSERT_SWEEP = (
    "mutation UpsertSweep($id: ID, $config: String, $entityName: String, $projectName: String,"
    " $state: String, $displayName: String) { upsertSweep(input: {id: $id, config: $config,"
    " entityName: $entityName, projectName: $projectName, state: $state,"
    " displayName: $displayName}) { sweep { id name project { name entity { name } } } } }"
)
"""An ``id`` is of a sweep to change; the config is YAML."""
SWEEP_STATE = (
    "query GetSweepState($entity: String, $project: String, $sweep: String!) {"
    " project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { state } } }"
)

UPSERT_VIEW = (
    "mutation UpsertView2($id: ID, $entityName: String, $projectName: String, $type: String,"
    " $name: String, $displayName: String, $description: String, $spec: String,"
    " $locked: Boolean) { upsertView(input: {id: $id, entityName: $entityName,"
    " projectName: $projectName, name: $name, displayName: $displayName,"
    " description: $description, type: $type, spec: $spec, locked: $locked,"
    " createdUsing: WANDB_SDK}) { view { id name } inserted } }"
)

PROJECT_ID = (
    "query projectInternalId($entityName: String!, $projectName: String!) {"
    " project(name: $projectName, entityName: $entityName) { internalId } }"
)

GROUP = "the group of tune-wandb-nb"
"""See `spec_of`."""


def first_error(answer: Any) -> str:
    errors = _inside(answer, "errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(_inside(first, "message") or "")


def names_of(connection: Any) -> list[str]:
    names = [_inside(edge, "node", "name") for edge in _inside(connection, "edges") or ()]
    return [str(name) for name in names if name]


def run_of(data: Mapping[str, Any]) -> dict[str, Any] | None:
    bucket = _inside(data, "model", "bucket")
    if not isinstance(bucket, dict):
        return None
    tail = _decoded(bucket.get("historyTail"), [])
    return {
        "state": bucket.get("state"),
        "rows": bucket.get("historyLineCount") or 0,
        "last": _decoded(tail[-1] if tail else None, {}),
        "summary": _decoded(bucket.get("summaryMetrics"), {}),
    }


def sample_of_steps(metrics: Sequence[str], start: int, end: int, samples: int) -> str:
    """From ``start`` to before ``end``; of more than ``samples`` rows some are left out."""
    spec = {"keys": list(metrics), "samples": samples, "minStep": start, "maxStep": end}
    return json.dumps(spec)


def sampled_rows(data: Any) -> list[Any] | None:
    """None does not mean that there are no rows."""
    found = _inside(data, "project", "run", "sampledHistory")
    return found[0] if isinstance(found, list) and found and isinstance(found[0], list) else None


def sweep_of(data: Mapping[str, Any]) -> dict[str, Any] | None:
    sweep = _inside(data, "upsertSweep", "sweep")
    if not _inside(sweep, "name"):
        return None
    return {
        "id": str(sweep.get("id") or ""),
        "name": str(sweep["name"]),
        "project": _inside(sweep, "project", "name"),
        "entity": _inside(sweep, "project", "entity", "name"),
    }


def state_of_sweep(data: Any) -> str | None:
    state = _inside(data, "project", "sweep", "state")
    return str(state).upper() if state else None


def view_of(data: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Return its name, and its id, with which it can be saved again."""
    view = _inside(data, "upsertView", "view")
    return (str(view["name"]), view.get("id")) if _inside(view, "name") else None


# Views: ``save()`` of wandb-workspaces makes a ``wandb.Api()``, which lacks a key in memory.


def spec_of(workspace: Any, group: str) -> str:
    """Put the group where the filter has `GROUP`: wandb-workspaces changes "<", ">", "=" in names.

    Raises AttributeError where wandb-workspaces has no such text.
    """
    text: str = workspace._to_model().spec.model_dump_json(by_alias=True, exclude_none=True)
    return json.dumps(_with_group(json.loads(text), group))


def _with_group(part: Any, group: str) -> Any:
    if isinstance(part, dict):
        return {name: _with_group(value, group) for name, value in part.items()}
    if isinstance(part, list):
        return [_with_group(value, group) for value in part]
    return group if part == GROUP else part


def new_view_name() -> str:
    return f"nw-{new_report_name()}-v"


def report_spec(report: Any, group: str, entity: str, project: str, project_id: str) -> str:
    """As `spec_of`. With a project in its run sets wandb-workspaces makes a ``wandb.Api()``."""
    spec = json.loads(spec_of(report, group))
    where = {"id": project_id, "name": project, "entityName": entity}
    for block in spec["blocks"]:
        for runs in (block.get("metadata") or {}).get("runSets", ()):
            runs["project"] = where
    return json.dumps(spec)


def project_id_of(data: Any) -> str | None:
    project_id = _inside(data, "project", "internalId")
    return str(project_id) if project_id else None


def new_report_name() -> str:
    return secrets.token_hex(6)[:11]


def view_address(project_page: str, name: str) -> str:
    return f"{project_page}?nw={name.removeprefix('nw-').removesuffix('-v')}"


def _inside(data: Any, *names: str) -> Any:
    for name in names:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data


def _decoded(text: Any, otherwise: Any) -> Any:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return otherwise
    return found if isinstance(found, type(otherwise)) else otherwise
