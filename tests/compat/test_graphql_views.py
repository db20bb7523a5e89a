"""The text of a view, in the wandb-workspaces that is installed."""

from __future__ import annotations

import json

import pytest

from tune_wandb_nb.compat.graphql import new_view_name, spec_of, view_address

workspaces = pytest.importorskip("wandb_workspaces.workspaces")
interface = pytest.importorskip("wandb_workspaces.workspaces.internal")


def test_a_workspace_has_a_text_without_a_server_or_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interface.wandb, "Api", None)
    workspace = workspaces.Workspace(
        entity="e", project="p", sections=[workspaces.Section(name="mine")]
    )
    spec = json.loads(spec_of(workspace))
    (section,) = spec["section"]["panelBankConfig"]["sections"]
    assert section["name"] == "mine"


def test_a_new_view_is_named_as_wandb_workspaces_names_it() -> None:
    ours, theirs = new_view_name(), interface._generate_view_name()
    assert (len(ours), ours[:3], ours[-2:]) == (len(theirs), theirs[:3], theirs[-2:])
    assert ours != new_view_name()
    page = "https://wandb.ai/me/digits"
    assert view_address(page, theirs).endswith(interface._internal_name_to_url_query_str(theirs))
