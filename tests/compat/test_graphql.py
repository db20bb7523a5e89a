"""The GraphQL that we send: only fields that the installed wandb asks for too, and their shape."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import wandb

from tune_wandb_nb.compat.graphql import (
    PROJECTS,
    RUN,
    SAMPLED_ROWS,
    VIEWER,
    names_of,
    run_of,
    sample_of_steps,
    sampled_rows,
)

QUERIES = {"VIEWER": VIEWER, "PROJECTS": PROJECTS, "RUN": RUN, "SAMPLED_ROWS": SAMPLED_ROWS}
FIELD = re.compile(r"\b[a-z]\w+\b(?=[\s({])")
WORDS = {"query"}


def fields_of(query: str) -> set[str]:
    return set(FIELD.findall(query.partition("{")[2])) - WORDS


@cache
def wandbs_queries() -> str:
    """The texts in which wandb's Python sources and its program hold their own queries."""
    folder = Path(wandb.__file__).parent
    texts = [file.read_text(errors="replace") for file in sorted(folder.rglob("*.py"))]
    program = (folder / "bin" / "wandb-core").read_bytes()
    found = re.findall(rb"(?:query|mutation|fragment) \w+[^\0]{20,4000}", program)
    return "\n".join([*texts, *(text.decode(errors="replace") for text in found)])


@pytest.mark.parametrize(
    ("query", "field"),
    [(name, field) for name, query in QUERIES.items() for field in sorted(fields_of(query))],
)
def test_a_field_that_we_ask_for_is_one_that_wandb_asks_for(query: str, field: str) -> None:
    assert re.search(rf"\b{field}\b", wandbs_queries()), f"{query}: wandb knows no field {field!r}"


def test_every_query_has_fields() -> None:
    assert fields_of(RUN) >= {"model", "bucket", "state", "historyLineCount", "historyTail"}
    assert fields_of(SAMPLED_ROWS) >= {"project", "run", "sampledHistory"}
    assert fields_of(PROJECTS) >= {"models", "edges", "node", "name"}
    assert fields_of(VIEWER) >= {"viewer", "entity", "teams"}


@pytest.mark.parametrize("connection", [None, {}, {"edges": None}, {"edges": [None, {}]}, "text"])
def test_what_is_no_connection_has_no_names(connection: Any) -> None:
    assert names_of(connection) == []


def test_the_names_of_a_connection() -> None:
    edges = [{"node": {"name": "a"}}, {"node": None}, {"node": {"name": ""}}, {"node": {"name": 1}}]
    assert names_of({"edges": edges}) == ["a", "1"]


@pytest.mark.parametrize("data", [{}, {"model": None}, {"model": {"bucket": None}}])
def test_a_run_that_is_not_there(data: dict[str, Any]) -> None:
    assert run_of(data) is None


def test_a_run_is_read_out_of_json_in_json() -> None:
    bucket = {
        "state": "finished",
        "historyLineCount": 2,
        "historyTail": json.dumps([json.dumps({"_step": 0}), json.dumps({"_step": 1})]),
        "summaryMetrics": json.dumps({"loss": 1}),
    }
    assert run_of({"model": {"bucket": bucket}}) == {
        "state": "finished",
        "rows": 2,
        "last": {"_step": 1},
        "summary": {"loss": 1},
    }


@pytest.mark.parametrize("broken", [None, "", "no json", "{}", "[1]", '["[]"]'])
def test_a_run_whose_rows_cannot_be_read_has_no_last_one(broken: Any) -> None:
    bucket = {"state": "running", "historyTail": broken, "summaryMetrics": broken}
    run = run_of({"model": {"bucket": bucket}})
    assert run == {"state": "running", "rows": 0, "last": {}, "summary": {}}


def test_sampled_rows() -> None:
    spec = json.loads(sample_of_steps(["_step", "loss"], 0, 1000, 1000))
    assert spec == {"keys": ["_step", "loss"], "samples": 1000, "minStep": 0, "maxStep": 1000}
    rows = [{"_step": 0, "loss": 1}]
    assert sampled_rows({"project": {"run": {"sampledHistory": [rows]}}}) == rows
    assert sampled_rows({"project": {"run": {"sampledHistory": [[]]}}}) == []


@pytest.mark.parametrize(
    "data", [None, {}, {"project": None}, {"project": {"run": {"sampledHistory": []}}}]
)
def test_an_answer_without_rows_is_not_taken_for_no_rows(data: Any) -> None:
    assert sampled_rows(data) is None
