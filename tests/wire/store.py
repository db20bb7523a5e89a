"""Everything the server was told, safe to read while runs are going on."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from typing import Any
from urllib.parse import quote

import yaml

from tests.wire.records import WireArtifact, WireRun, WireSweep
from tests.wire.state import ArtifactState, RunState

RunKey = tuple[str, str, str]
"""Entity, project and run id."""


class Store:
    """Runs, files and artifacts, which outlive a restart of the server.

    `changed` is both the lock of all state and the condition that is notified of every change.
    """

    def __init__(self, entity: str) -> None:
        self.entity = entity
        self.changed = threading.Condition(threading.RLock())
        self.runs: dict[RunKey, RunState] = {}
        self.artifacts: dict[str, ArtifactState] = {}
        self.blobs: dict[str, bytes] = {}
        """Uploaded artifact files by their MD5 in base64, as manifests name them."""
        self.sweeps: dict[str, WireSweep] = {}
        self.views: list[dict[str, Any]] = []
        """What clients sent of each view, its specification decoded."""
        self._snapshots: dict[RunKey, WireRun] = {}

    def key(self, entity: str | None, project: str | None, run_id: str) -> RunKey:
        """Fill in what W&B would for an entity or a project that is not given."""
        return entity or self.entity, project or "uncategorized", run_id

    def touch(self, key: RunKey | None = None) -> None:
        """Tell those who wait that something changed, perhaps in a run."""
        with self.changed:
            if key is not None:
                self._snapshots.pop(key, None)
            self.changed.notify_all()

    # Runs

    def upsert(self, variables: dict[str, Any]) -> tuple[RunState, bool]:
        """Create or update a run; also says whether it is new."""
        key = self._key_of(variables)
        inserted = key not in self.runs
        if inserted:
            number = len(self.runs) + 1
            self.runs[key] = RunState(
                entity=key[0],
                project=key[1],
                run_id=key[2],
                storage_id=_global_id("Run", *key),
                name=f"wire-run-{number}",
            )
        self.runs[key].upsert(variables)
        self.touch(key)
        return self.runs[key], inserted

    def stream(self, key: RunKey, post: dict[str, Any]) -> None:
        """Take one file_stream post of a run that exists."""
        self.runs[key].stream(post)
        self.touch(key)

    def snapshots(self) -> dict[RunKey, WireRun]:
        """All runs as they are now."""
        with self.changed:
            return {key: self._snapshot(key) for key in self.runs}

    def _snapshot(self, key: RunKey) -> WireRun:
        if key not in self._snapshots:
            made = [a for a in self.artifacts.values() if (a.entity, a.project, a.run_id) == key]
            self._snapshots[key] = self.runs[key].snapshot([a.snapshot(self.blobs) for a in made])
        return self._snapshots[key]

    def _key_of(self, variables: dict[str, Any]) -> RunKey:
        for key, run in self.runs.items():
            if run.storage_id == variables.get("id"):
                return key
        return self.key(variables.get("entity"), variables.get("project"), variables["name"])

    # Sweeps

    def upsert_sweep(self, given: dict[str, Any]) -> WireSweep:
        """Make a sweep, or change the one that is named by its own id."""
        known = [sweep for sweep in self.sweeps.values() if sweep.object_id == given.get("id")]
        sweep_id = known[0].sweep_id if known else f"sweep{len(self.sweeps) + 1}"
        if not known:
            entity, project, _ = self.key(given.get("entityName"), given.get("projectName"), "")
            self.sweeps[sweep_id] = WireSweep(
                sweep_id=sweep_id,
                object_id=_global_id("Sweep", entity, project, sweep_id),
                entity=entity,
                project=project,
                display_name=given.get("displayName"),
                config=yaml.safe_load(given["config"]),
                state="PENDING",
            )
        sweep = self.sweeps[sweep_id]
        if given.get("state"):
            sweep.state = given["state"]
            sweep.states.append(given["state"])
        self.touch()
        return sweep

    # Artifacts

    def create_artifact(self, given: dict[str, Any]) -> ArtifactState:
        """Make a new version, unless it is known or there is a finished one like it."""
        entity, project, run_id = self.key(
            given.get("entityName"), given.get("projectName"), given.get("runName") or ""
        )
        name = given["artifactCollectionName"]
        aliases = [a["alias"] for a in given.get("aliases") or () if a]
        for known in self.collection(entity, project, name):
            if known.client_id == given["clientID"]:
                return known
            if known.digest == given["digest"] and known.committed:
                self._name(known, aliases)
                return known
        artifact = ArtifactState(
            artifact_id=_global_id("Artifact", str(len(self.artifacts) + 1)),
            entity=entity,
            project=project,
            run_id=run_id or None,
            name=name,
            type=given["artifactTypeName"],
            digest=given["digest"],
            aliases=aliases,
            client_id=given["clientID"],
            sequence_id=given["sequenceClientID"],
            description=given.get("description"),
            metadata=json.loads(given.get("metadata") or "{}"),
        )
        self.artifacts[artifact.artifact_id] = artifact
        self._touch_artifact(artifact)
        return artifact

    def commit_artifact(self, artifact_id: str) -> ArtifactState:
        """Give a version its number and take its aliases from the older versions."""
        artifact = self.artifacts[artifact_id]
        if not artifact.committed:
            siblings = self.collection(artifact.entity, artifact.project, artifact.name)
            artifact.version = sum(other.committed for other in siblings)
        self._name(artifact, artifact.aliases)
        return artifact

    def collection(self, entity: str, project: str, name: str) -> list[ArtifactState]:
        """All versions of an artifact, oldest first."""
        where = (entity, project, name)
        return [a for a in self.artifacts.values() if (a.entity, a.project, a.name) == where]

    def find_artifact(self, entity: str, project: str, name: str) -> ArtifactState | None:
        """Look up "name:alias" or "name:v0" among what is finished."""
        name, _, alias = name.partition(":")
        return next(
            (
                artifact
                for artifact in self.collection(entity, project, name)
                if artifact.committed
                and (alias or "latest") in (*artifact.aliases, f"v{artifact.version}")
            ),
            None,
        )

    def latest(self, artifact: ArtifactState) -> ArtifactState | None:
        """The newest finished version of this artifact."""
        siblings = self.collection(artifact.entity, artifact.project, artifact.name)
        finished = [sibling for sibling in siblings if sibling.committed]
        return finished[-1] if finished else None

    def artifact_snapshots(self) -> list[WireArtifact]:
        """All artifacts, of whatever run."""
        with self.changed:
            return [artifact.snapshot(self.blobs) for artifact in self.artifacts.values()]

    def _name(self, artifact: ArtifactState, aliases: list[str]) -> None:
        for other in self.collection(artifact.entity, artifact.project, artifact.name):
            other.aliases = [a for a in other.aliases if a not in aliases or other is artifact]
            self._touch_artifact(other)
        artifact.aliases = list(dict.fromkeys([*artifact.aliases, *aliases]))

    def _touch_artifact(self, artifact: ArtifactState) -> None:
        self.touch((artifact.entity, artifact.project, artifact.run_id or ""))

    # Uploads

    def upload(self, parts: list[str], body: bytes) -> None:
        """Take an upload to an address made by `upload_path`."""
        match parts:
            case ["file", entity, project, run_id, name]:
                key = (entity, project, run_id)
                self.runs[key].files[name] = body
                self.touch(key)
            case ["manifest", artifact_id]:
                artifact = self.artifacts[artifact_id]
                artifact.entries = json.loads(body)["contents"]
                self._touch_artifact(artifact)
            case ["artifact", artifact_id, _]:
                digest = hashlib.md5(body, usedforsecurity=False).digest()
                self.blobs[base64.b64encode(digest).decode()] = body
                self._touch_artifact(self.artifacts[artifact_id])
            case _:
                raise LookupError(f"uploads go to an upload_path, but this one to {parts}")


def upload_path(*parts: str) -> str:
    """The path to PUT something to."""
    return "/upload/" + "/".join(quote(part, safe="") for part in parts)


def _global_id(*parts: str) -> str:
    return base64.b64encode(":".join(parts).encode()).decode()
