"""The mutable state behind a run and an artifact; the store's lock guards it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.wire.decode import decode_metrics, unwrap_config
from tests.wire.records import WireArtifact, WireRun

HISTORY = "wandb-history.jsonl"
EVENTS = "wandb-events.jsonl"
SUMMARY = "wandb-summary.json"
OUTPUT = "output.log"

_CONFIG_UPDATE = {"name", "project", "entity", "config"}


@dataclass(slots=True, kw_only=True)
class ArtifactState:
    """One version of an artifact while it is made."""

    artifact_id: str
    entity: str
    project: str
    run_id: str | None
    name: str
    type: str
    digest: str
    aliases: list[str]
    client_id: str
    sequence_id: str
    description: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: int | None = None

    @property
    def committed(self) -> bool:
        """Whether the client has finished this version."""
        return self.version is not None

    def snapshot(self, blobs: dict[str, bytes]) -> WireArtifact:
        """Resolve the manifest's digests to the bytes that were uploaded."""
        files = {p: blobs[e["digest"]] for p, e in self.entries.items() if e["digest"] in blobs}
        return WireArtifact(
            artifact_id=self.artifact_id,
            entity=self.entity,
            project=self.project,
            run_id=self.run_id,
            name=self.name,
            type=self.type,
            version=f"v{self.version}" if self.committed else "",
            digest=self.digest,
            aliases=tuple(self.aliases),
            description=self.description,
            metadata=self.metadata,
            manifest=dict(self.entries),
            files=files,
            references={p: e["ref"] for p, e in self.entries.items() if "ref" in e},
            committed=self.committed,
        )


@dataclass(slots=True, kw_only=True)
class RunState:
    """One run: what UpsertBucket said of it and what its file streams brought."""

    entity: str
    project: str
    run_id: str
    storage_id: str
    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    """The variables of UpsertBucket that were ever given, by their names."""
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    streams: dict[str, dict[int, Any]] = field(default_factory=dict)
    """Stream file -> offset -> line; of the history the parsed row."""
    files: dict[str, bytes] = field(default_factory=dict)
    used_artifacts: list[str] = field(default_factory=list)
    exit_code: int | None = None
    complete: bool = False
    starts: int = 0

    def upsert(self, variables: dict[str, Any]) -> None:
        """Take over what is given; a null leaves things as they are."""
        given = {key: value for key, value in variables.items() if value is not None}
        # When wandb-core updates a run it either sends its storage id or nothing but the config,
        # and after it has ended a run it does not update it.
        opens = self.complete or ("id" not in given and given.keys() > _CONFIG_UPDATE)
        if opens or not self.starts:
            self.starts += 1
            self.complete, self.exit_code = False, None
        self.name = given.get("displayName") or self.name
        if "config" in given:
            self.config = json.loads(given["config"])
        if "summaryMetrics" in given:
            self.summary = json.loads(given["summaryMetrics"])
        self.fields.update(given)

    def stream(self, post: dict[str, Any]) -> None:
        """Put the lines of one file_stream post at their offsets."""
        for name, chunk in (post.get("files") or {}).items():
            offset, lines = int(chunk["offset"]), chunk["content"]
            if name == SUMMARY:
                self.summary = json.loads(lines[-1])
                continue
            parsed = [json.loads(line) for line in lines] if name == HISTORY else lines
            self.streams.setdefault(name, {}).update(enumerate(parsed, start=offset))
        self.complete = bool(post.get("complete"))
        self.exit_code = post.get("exitcode") if self.complete else None

    @property
    def state(self) -> str:
        """What W&B calls it."""
        if not self.complete:
            return "running"
        return "failed" if self.exit_code else "finished"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The history's rows, in their order."""
        history = self.streams.get(HISTORY, {})
        return [history[offset] for offset in sorted(history)]

    def line_count(self, name: str) -> int:
        """How many lines the client has to skip to go on with this stream."""
        return max(self.streams.get(name, {}), default=-1) + 1

    def tail(self, name: str) -> str:
        """The last line, in the double JSON of the historyTail field."""
        lines = self.streams.get(name, {})
        last = [lines[max(lines)]] if lines else []
        return json.dumps([line if isinstance(line, str) else json.dumps(line) for line in last])

    def rows_with(self, keys: list[str], steps: range) -> list[dict[str, Any]]:
        """The rows of some steps that have all of some metrics, and nothing else of them."""
        return [
            {key: row[key] for key in keys}
            for row in self.rows
            if row["_step"] in steps and all(key in row for key in keys)
        ]

    def snapshot(self, artifacts: list[WireArtifact]) -> WireRun:
        """Freeze the run as it is now."""
        history = self.streams.get(HISTORY, {})
        output = self.streams.get(OUTPUT, {})
        missing = len(history) < self.line_count(HISTORY)
        return WireRun(
            run_id=self.run_id,
            entity=self.entity,
            project=self.project,
            name=self.name,
            group=self.fields.get("groupName"),
            job_type=self.fields.get("jobType"),
            notes=self.fields.get("notes"),
            tags=tuple(self.fields.get("tags") or ()),
            sweep=self.fields.get("sweep"),
            host=self.fields.get("host"),
            program=self.fields.get("program"),
            config=unwrap_config(self.config),
            raw_config=self.config,
            metrics=decode_metrics(self.config),
            summary=self.summary,
            rows=self.rows,
            gaps=tuple(set(range(self.line_count(HISTORY))) - set(history)) if missing else (),
            output=[output[offset] for offset in sorted(output)],
            files=dict(self.files),
            artifacts=artifacts,
            used_artifacts=tuple(self.used_artifacts),
            exit_code=self.exit_code,
            complete=self.complete,
            starts=self.starts,
        )
