"""What the wire server knows, as values: requests, runs and artifacts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it came over the wire, its body decompressed."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    operation: str
    """The GraphQL operation, or "file_stream", "upload", "telemetry", "page"."""

    @property
    def variables(self) -> dict[str, Any]:
        """The GraphQL variables, empty for any other request."""
        if self.path != "/graphql":
            return {}
        return json.loads(self.body).get("variables") or {}

    def mentions(self, text: str) -> bool:
        """Whether the text stands anywhere but in the Authorization header."""
        others = (
            f"{name}: {value}" for name, value in self.headers.items() if name != "Authorization"
        )
        return text in self.path or text.encode() in self.body or any(text in o for o in others)


@dataclass(frozen=True, slots=True)
class WireArtifact:
    """One version of an artifact; `committed` only when the client has finished it."""

    artifact_id: str
    entity: str
    project: str
    run_id: str | None
    name: str
    type: str
    version: str
    digest: str
    aliases: tuple[str, ...]
    description: str | None
    metadata: dict[str, Any]
    manifest: dict[str, dict[str, Any]]
    """Path inside the artifact -> the manifest's entry: digest, size, ref."""
    files: dict[str, bytes]
    """Path inside the artifact -> the bytes that were uploaded for it."""
    references: dict[str, str]
    """Path inside the artifact -> the URI it refers to."""
    committed: bool


@dataclass(slots=True)
class WireSweep:
    """A sweep; a test that changes its `state` is a person on its page."""

    sweep_id: str
    object_id: str
    entity: str
    project: str
    display_name: str | None
    config: dict[str, Any]
    state: str
    states: list[str] = field(default_factory=list)
    """The states that clients gave it, one after the other."""


@dataclass(frozen=True, slots=True)
class WireRun:
    """A run at one moment, as W&B would show it."""

    run_id: str
    entity: str
    project: str
    name: str
    group: str | None
    job_type: str | None
    notes: str | None
    tags: tuple[str, ...]
    sweep: str | None
    host: str | None
    program: str | None
    config: dict[str, Any]
    """As the user set it, without "_wandb"."""
    raw_config: dict[str, Any]
    """As it came: every value in a {"value": ...}, with "_wandb"."""
    metrics: dict[str, str | None]
    """Defined metrics: name or glob -> the metric that is its x axis."""
    summary: dict[str, Any]
    rows: list[dict[str, Any]]
    """History in the order of its offsets; NaN and infinities are floats."""
    gaps: tuple[int, ...]
    """Offsets below the last row for which no row came; empty unless rows were lost."""
    output: list[str]
    """Lines of output.log."""
    files: dict[str, bytes]
    artifacts: list[WireArtifact] = field(default_factory=list)
    used_artifacts: tuple[str, ...] = ()
    exit_code: int | None = None
    complete: bool = False
    starts: int = 0
    """How many times a client opened this run: 1, and one more for each resume or sync."""
