"""The GraphQL operations that wandb and wandb-core send (0.28.1 to 0.31), and what W&B answers.

Answers hold more than a query selects: the clients skip what they do not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.wire.state import EVENTS, HISTORY, OUTPUT, ArtifactState, RunState
from tests.wire.store import Store, upload_path

Answer = dict[str, Any]
Variables = dict[str, Any]

_CREATED = "2026-01-01T00:00:00Z"


class UnknownOperationError(Exception):
    """A client asked for something that the server does not play."""


def operation_of(query: dict[str, Any]) -> str:
    """The operation's name, which some of wandb's clients write in the query only, or its field."""
    found = re.search(r"\b(?:query|mutation)\s*\{?\s*(\w+)", query["query"])
    return query.get("operationName") or (found.group(1) if found else query["query"])


class GraphQL:
    """Answers operations from a store. The caller holds the store's lock."""

    def __init__(
        self, store: Store, base_url: Callable[[], str], counts_on_upsert: Callable[[], bool]
    ) -> None:
        self._store = store
        self._base_url = base_url
        self._counts_on_upsert = counts_on_upsert
        self._operations: dict[str, Callable[[Variables], Answer]] = {
            "Viewer": self._viewer,
            "GetViewer": self._viewer,
            "viewer": self._viewer,
            "GetDefaultEntity": self._viewer,
            "GetProjects": self._get_projects,
            "ServerFeaturesQuery": self._server_features,
            "OrganizationCoreWeaveOrganizationID": self._organization,
            "UpsertBucket": self._upsert_bucket,
            "RunResumeStatus": self._run_resume_status,
            "RunSampledHistory": self._run_sampled_history,
            "CreateRunFiles": self._create_run_files,
            "UpsertSweep": self._upsert_sweep,
            "GetSweepState": self._sweep_state,
            "UpsertView2": self._upsert_view,
            "projectInternalId": self._project_id,
            "ArtifactType": self._artifact_type,
            "ArtifactByID": self._artifact_by_id,
            "CreateArtifact": self._create_artifact,
            "CreateArtifactManifest": self._create_artifact_manifest,
            "UpdateArtifactManifest": self._update_artifact_manifest,
            "CreateArtifactFiles": self._create_artifact_files,
            "CommitArtifact": self._commit_artifact,
            "UseArtifact": self._use_artifact,
        }

    def execute(self, query: dict[str, Any]) -> Answer:
        """Return the "data" of the answer."""
        operation = self._operations.get(operation_of(query))
        if operation is None:
            raise UnknownOperationError(operation_of(query))
        return operation(query.get("variables") or {})

    # Who is there

    def _viewer(self, _: Variables) -> Answer:
        entity = self._store.entity
        return {
            "viewer": {
                "id": "VXNlcjox",
                "entity": entity,
                "name": entity,
                "username": entity,
                "email": f"{entity}@example.com",
                "admin": False,
                "flags": "{}",
                "deletedAt": None,
                "apiKeys": {"edges": []},
                "teams": {"edges": []},
            }
        }

    def _get_projects(self, variables: Variables) -> Answer:
        keys = self._store.runs
        names = dict.fromkeys(key[1] for key in keys if key[0] == variables["entity"])
        nodes = [_project(variables["entity"], name) for name in names]
        return {"models": {"edges": [{"node": node} for node in nodes]}}

    def _server_features(self, _: Variables) -> Answer:
        return {"serverInfo": {"features": []}}

    def _organization(self, _: Variables) -> Answer:
        # Asked by a run that watches its machine.
        return {"entity": {"organization": {"coreWeaveOrganizationId": None}}}

    # Runs

    def _upsert_bucket(self, variables: Variables) -> Answer:
        run, inserted = self._store.upsert(variables)
        bucket = _bucket(run)
        if not self._counts_on_upsert():
            bucket["historyLineCount"] = 0
        return {"upsertBucket": {"bucket": bucket, "inserted": inserted}}

    def _run_resume_status(self, variables: Variables) -> Answer:
        key = self._store.key(variables.get("entity"), variables.get("project"), variables["name"])
        run = self._store.runs.get(key)
        return {"model": {**_project(key[0], key[1]), "bucket": run and _bucket(run)}}

    def _run_sampled_history(self, variables: Variables) -> Answer:
        key = self._store.key(variables["entity"], variables["project"], variables["name"])
        run = self._store.runs.get(key)
        spec = json.loads(variables["spec"])
        steps = range(spec["minStep"], spec["maxStep"])
        rows = [] if run is None else run.rows_with(spec["keys"], steps)
        # Of more rows than samples, W&B leaves some out.
        rows = rows[:: -(-len(rows) // spec["samples"]) or 1]
        return {"project": {"run": run and {"sampledHistory": [rows]}}}

    def _create_run_files(self, variables: Variables) -> Answer:
        key = self._store.key(variables["entity"], variables["project"], variables["run"])
        names = variables["files"]
        files = [{"name": n, "uploadUrl": self._upload_url("file", *key, n)} for n in names]
        run = self._store.runs[key]
        return {"createRunFiles": {"runID": run.storage_id, "uploadHeaders": [], "files": files}}

    # Sweeps

    def _upsert_sweep(self, variables: Variables) -> Answer:
        sweep = self._store.upsert_sweep(variables)
        project = _project(sweep.entity, sweep.project)
        found = {"id": sweep.object_id, "name": sweep.sweep_id, "project": project}
        return {"upsertSweep": {"sweep": found, "configValidationWarnings": []}}

    def _sweep_state(self, variables: Variables) -> Answer:
        sweep = self._store.sweeps.get(variables["sweep"])
        return {"project": {"sweep": sweep and {"state": sweep.state}}}

    def _upsert_view(self, variables: Variables) -> Answer:
        view_id = variables.get("id")
        is_new = view_id is None
        if is_new:
            view_id = f"view-{len(self._store.views) + 1}"
            self._store.views.append({})
        view = self._store.views[int(view_id.removeprefix("view-")) - 1]
        saved = {**view, **variables, "id": view_id, "spec": json.loads(variables["spec"])}
        view.update({**saved, "saves": view.get("saves", 0) + 1})
        self._store.touch()
        return {
            "upsertView": {"view": {"id": view_id, "name": variables["name"]}, "inserted": is_new}
        }

    def _project_id(self, variables: Variables) -> Answer:
        name = variables["projectName"]
        known = {key[1] for key in self._store.runs if key[0] == variables["entityName"]}
        return {"project": _project(variables["entityName"], name) if name in known else None}

    # Artifacts

    def _artifact_type(self, variables: Variables) -> Answer:
        artifact = self._store.find_artifact(
            variables["entity"], variables["project"], variables["name"]
        )
        return {"project": {"artifact": artifact and _artifact(artifact)}}

    def _artifact_by_id(self, variables: Variables) -> Answer:
        artifact = self._store.artifacts.get(variables["id"])
        return {"artifact": artifact and _artifact(artifact)}

    def _create_artifact(self, variables: Variables) -> Answer:
        artifact = self._store.create_artifact(variables["input"])
        latest = self._store.latest(artifact)
        sequence = {"latestArtifact": latest and {"id": latest.artifact_id}}
        return {
            "createArtifact": {"artifact": _artifact(artifact) | {"artifactSequence": sequence}}
        }

    def _create_artifact_manifest(self, variables: Variables) -> Answer:
        return {"createArtifactManifest": self._manifest(variables["artifactID"])}

    def _update_artifact_manifest(self, variables: Variables) -> Answer:
        return {"updateArtifactManifest": self._manifest(variables["artifactManifestID"])}

    def _manifest(self, artifact_id: str) -> Answer:
        """Manifests have their artifact's id: there is one for each."""
        url = self._upload_url("manifest", artifact_id)
        file = {"id": artifact_id, "uploadUrl": url, "uploadHeaders": []}
        return {"artifactManifest": {"id": artifact_id, "file": file}}

    def _create_artifact_files(self, variables: Variables) -> Answer:
        given = variables.get("input", variables)  # wandb 0.28 sends the specs as they are
        nodes: list[Answer] = [
            {
                "storagePath": f"wandb_artifacts/{spec['artifactID']}/{spec['name']}",
                "uploadUrl": self._upload_url("artifact", spec["artifactID"], spec["name"]),
                "uploadHeaders": [],
                "uploadMultipartUrls": None,
                "artifact": {"id": spec["artifactID"]},
            }
            for spec in given["artifactFiles"]
        ]
        return {"createArtifactFiles": {"files": {"edges": [{"node": n} for n in nodes]}}}

    def _commit_artifact(self, variables: Variables) -> Answer:
        artifact = self._store.commit_artifact(variables["artifactID"])
        return {"commitArtifact": {"artifact": _artifact(artifact)}}

    def _use_artifact(self, variables: Variables) -> Answer:
        given = variables["input"]
        key = self._store.key(given["entityName"], given["projectName"], given["runName"])
        self._store.runs[key].used_artifacts.append(given["artifactID"])
        self._store.touch(key)
        return {"useArtifact": {"artifact": {"id": given["artifactID"]}}}

    def _upload_url(self, *parts: str) -> str:
        return self._base_url() + upload_path(*parts)


def _project(entity: str, project: str) -> Answer:
    return {
        "id": f"project-{project}",
        "internalId": f"project-{project}",
        "name": project,
        "entity": {"id": entity, "name": entity},
    }


def _bucket(run: RunState) -> Answer:
    telemetry = run.config.get("_wandb", {}).get("value", {}).get("t")
    return {
        "id": run.storage_id,
        "name": run.run_id,
        "state": run.state,
        "displayName": run.name,
        "description": run.fields.get("description"),
        "notes": run.fields.get("notes"),
        "tags": run.fields.get("tags") or [],
        "sweepName": run.fields.get("sweep"),
        "config": json.dumps(run.config),
        "wandbConfig": json.dumps({"t": telemetry}),
        "summaryMetrics": json.dumps(run.summary),
        "historyLineCount": run.line_count(HISTORY),
        "historyTail": run.tail(HISTORY),
        "eventsLineCount": run.line_count(EVENTS),
        "eventsTail": run.tail(EVENTS),
        "logLineCount": run.line_count(OUTPUT),
        "project": _project(run.entity, run.project),
    }


def _artifact(artifact: ArtifactState) -> Answer:
    project = _project(artifact.entity, artifact.project)
    collection = {"__typename": "ArtifactSequence", "name": artifact.name, "project": project}
    return {
        "__typename": "Artifact",
        "id": artifact.artifact_id,
        "state": "COMMITTED" if artifact.committed else "PENDING",
        "artifactSequence": collection,
        "artifactType": {"name": artifact.type},
        "versionIndex": artifact.version,
        "description": artifact.description,
        "metadata": json.dumps(artifact.metadata),
        "ttlDurationSeconds": -2,
        "ttlIsInherited": True,
        "tags": [],
        "historyStep": None,
        "size": sum(entry.get("size", 0) for entry in artifact.entries.values()),
        "digest": artifact.digest,
        "digestAlgorithm": "MANIFEST_MD5",
        "commitHash": artifact.artifact_id,
        "fileCount": len(artifact.entries),
        "createdAt": _CREATED,
        "updatedAt": _CREATED,
        "aliases": [
            {
                "__typename": "ArtifactAlias",
                "id": f"{artifact.artifact_id}-{alias}",
                "alias": alias,
                "artifactCollection": collection,
            }
            for alias in artifact.aliases
        ],
    }
