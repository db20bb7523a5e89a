"""W&B's GraphQL interface, which is not documented: the queries, and the shape of their answers."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
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
"""Asks whose key it is. ``viewer`` is null for a key that the server does not know."""
PROJECTS = (
    "query GetProjects($entity: String!, $perPage: Int) { models(entityName: $entity,"
    " first: $perPage) { edges { node { name } } } }"
)
"""Asks for an entity's projects (``models``), the newest first."""
RUN = (
    "query RunResumeStatus($project: String, $entity: String, $name: String!) {"
    " model(name: $project, entityName: $entity) { bucket(name: $name, missingOk: true) {"
    " state historyLineCount historyTail summaryMetrics } } }"
)
"""Asks what there is of a run; see `run_of`."""
SAMPLED_ROWS = (
    "query RunSampledHistory($project: String!, $entity: String!, $name: String!,"
    " $spec: JSONString!) { project(name: $project, entityName: $entity) { run(name: $name) {"
    " sampledHistory(specs: [$spec]) } } }"
)
"""Asks for some metrics of a run's rows; ``spec`` is a `sample_of_steps`."""

UPSERT_SWEEP = (
    "mutation UpsertSweep($id: ID, $config: String, $entityName: String, $projectName: String,"
    " $state: String, $displayName: String) { upsertSweep(input: {id: $id, config: $config,"
    " entityName: $entityName, projectName: $projectName, state: $state,"
    " displayName: $displayName}) { sweep { id name project { name entity { name } } } } }"
)
"""Makes a sweep, or changes the one with this ``id``; see `sweep_of`. The config is YAML."""
SWEEP_STATE = (
    "query GetSweepState($entity: String, $project: String, $sweep: String!) {"
    " project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { state } } }"
)
"""Asks for a sweep's state; see `state_of_sweep`."""

UPSERT_VIEW = (
    "mutation UpsertView2($id: ID, $entityName: String, $projectName: String, $type: String,"
    " $name: String, $displayName: String, $description: String, $spec: String,"
    " $locked: Boolean) { upsertView(input: {id: $id, entityName: $entityName,"
    " projectName: $projectName, name: $name, displayName: $displayName,"
    " description: $description, type: $type, spec: $spec, locked: $locked,"
    " createdUsing: WANDB_SDK}) { view { id name } inserted } }"
)
"""Saves a view; see `view_of`."""

PROJECT_ID = (
    "query projectInternalId($entityName: String!, $projectName: String!) {"
    " project(name: $projectName, entityName: $entityName) { internalId } }"
)
"""Asks for the server's own id of a project; see `project_id_of`."""


def first_error(answer: Any) -> str:
    """Return the message of the first error in an answer; empty where there is none."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("message") or "") if isinstance(first, dict) else ""


def names_of(connection: Any) -> list[str]:
    """Return the names in a connection of GraphQL (``edges``, ``node``); none for anything else."""
    edges = connection.get("edges") if isinstance(connection, dict) else None
    nodes = [edge.get("node") for edge in edges or () if isinstance(edge, dict)]
    return [str(node["name"]) for node in nodes if isinstance(node, dict) and node.get("name")]


def run_of(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a run as the answer to `RUN` has it; None where there is none.

    ``historyTail`` (the last rows) becomes ``last``, the very last one, and ``summaryMetrics``
    becomes ``summary``; both come as JSON inside JSON.
    """
    model = data.get("model")
    bucket = model.get("bucket") if isinstance(model, dict) else None
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
    """Return the ``spec`` that asks for metrics of the rows from step ``start`` to before ``end``.

    Of more rows than ``samples`` the server leaves some out.
    """
    spec = {"keys": list(metrics), "samples": samples, "minStep": start, "maxStep": end}
    return json.dumps(spec)


def sampled_rows(data: Any) -> list[Any] | None:
    """Return the rows in an answer to `SAMPLED_ROWS`; None where the answer shows none.

    None is not "no rows": whoever took it for that would write rows that are there once more.
    """
    for name in ("project", "run", "sampledHistory"):
        data = data.get(name) if isinstance(data, dict) else None
    return data[0] if isinstance(data, list) and data and isinstance(data[0], list) else None


def sweep_of(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a sweep as the answer to `UPSERT_SWEEP` has it; None where there is none.

    The keys are ``id``, ``name``, ``project`` and ``entity``; the last two may be None.
    """
    upserted = data.get("upsertSweep")
    sweep = upserted.get("sweep") if isinstance(upserted, dict) else None
    if not isinstance(sweep, dict) or not sweep.get("name"):
        return None
    project = sweep.get("project") or {}
    entity = project.get("entity") or {}
    return {
        "id": str(sweep.get("id") or ""),
        "name": str(sweep["name"]),
        "project": project.get("name"),
        "entity": entity.get("name"),
    }


def state_of_sweep(data: Any) -> str | None:
    """Return the state in an answer to `SWEEP_STATE`, in capitals; None where there is none."""
    for name in ("project", "sweep", "state"):
        data = data.get(name) if isinstance(data, dict) else None
    return str(data).upper() if data else None


def view_of(data: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Return name and id of a view as the answer to `UPSERT_VIEW` has it; None where there is none.

    With the id the same view can be saved again.
    """
    upserted = data.get("upsertView")
    view = upserted.get("view") if isinstance(upserted, dict) else None
    if not isinstance(view, dict) or not view.get("name"):
        return None
    return str(view["name"]), view.get("id")


# Views. The ``save()`` of wandb-workspaces makes a ``wandb.Api()``, which takes a key from the
# environment, netrc or wandb's session. A key that is only in memory is in none of these.


def spec_of(workspace: Any) -> str:
    """Return a ``Workspace`` or a ``Report`` of wandb-workspaces as a text.

    Raises:
        AttributeError: this wandb-workspaces has no such text.
    """
    text: str = workspace._to_model().spec.model_dump_json(by_alias=True, exclude_none=True)
    return text


def new_view_name() -> str:
    """Return a name for a new view: the server's own, which no person sees."""
    return f"nw-{secrets.token_hex(6)[:11]}-v"


def report_spec(report: Any, entity: str, project: str, project_id: str) -> str:
    """Return a ``Report`` of wandb-workspaces as the server stores it.

    Its run sets name no project: with one, wandb-workspaces asks the server for the project's id,
    by a ``wandb.Api()``.

    Raises:
        AttributeError: this wandb-workspaces has no such text.
    """
    spec = json.loads(spec_of(report))
    where = {"id": project_id, "name": project, "entityName": entity}
    for block in spec["blocks"]:
        for runs in (block.get("metadata") or {}).get("runSets", ()):
            runs["project"] = where
    return json.dumps(spec)


def project_id_of(data: Any) -> str | None:
    """Return the id in an answer to `PROJECT_ID`; None where there is no such project."""
    found = data.get("project") if isinstance(data, dict) else None
    project_id = found.get("internalId") if isinstance(found, dict) else None
    return str(project_id) if project_id else None


def new_report_name() -> str:
    """Return a name for a new report: the server's own, which no person sees."""
    return secrets.token_hex(6)[:11]


def view_address(project_page: str, name: str) -> str:
    """Return the address of a saved view.

    Example:
        >>> view_address("https://wandb.ai/me/digits", "nw-ab12-v")
        'https://wandb.ai/me/digits?nw=ab12'
    """
    return f"{project_page}?nw={name.removeprefix('nw-').removesuffix('-v')}"


def _decoded(text: Any, otherwise: Any) -> Any:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return otherwise
    return found if isinstance(found, type(otherwise)) else otherwise
