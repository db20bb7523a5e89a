"""The text of a view, in the wandb-workspaces that is installed."""

from __future__ import annotations

import json

import pytest

from tune_wandb_nb.compat.graphql import (
    GROUP,
    new_report_name,
    new_view_name,
    report_spec,
    spec_of,
    view_address,
)

workspaces = pytest.importorskip("wandb_workspaces.workspaces")
interface = pytest.importorskip("wandb_workspaces.workspaces.internal")
interface_of_reports = pytest.importorskip("wandb_workspaces.reports.v2.internal")


def test_a_workspace_has_a_text_without_a_server_or_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interface.wandb, "Api", None)
    workspace = workspaces.Workspace(
        entity="e", project="p", sections=[workspaces.Section(name="mine")]
    )
    spec = json.loads(spec_of(workspace, "mine"))
    (section,) = spec["section"]["panelBankConfig"]["sections"]
    assert section["name"] == "mine"


@pytest.mark.parametrize("group", ["plain", 'my <img> "quoted" lr=0.1 == x', "it's"])
def test_a_filter_keeps_the_groups_name_as_it_is(group: str) -> None:
    expr = pytest.importorskip("wandb_workspaces.expr")
    runs = workspaces.RunsetSettings(filters=[expr.Metric("Group") == GROUP])
    text = spec_of(workspaces.Workspace(entity="e", project="p", runset_settings=runs), group)
    assert f'"value": {json.dumps(group)}' in text
    assert GROUP not in text


def test_a_new_view_is_named_as_wandb_workspaces_names_it() -> None:
    ours, theirs = new_view_name(), interface._generate_view_name()
    assert (len(ours), ours[:3], ours[-2:]) == (len(theirs), theirs[:3], theirs[-2:])
    assert ours != new_view_name()
    page = "https://wandb.ai/me/digits"
    assert view_address(page, theirs).endswith(interface._internal_name_to_url_query_str(theirs))


def test_a_report_has_a_text_without_a_server_or_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = pytest.importorskip("wandb_workspaces.reports.v2")
    monkeypatch.setattr(interface.wandb, "Api", None)
    grid = reports.PanelGrid(runsets=[reports.Runset(name="mine")])
    report = reports.Report(entity="e", project="p", blocks=[grid])
    found = json.loads(report_spec(report, "mine", "e", "p", "id-1"))["blocks"]
    (runs,) = [block["metadata"]["runSets"] for block in found if block["type"] == "panel-grid"]
    assert runs[0]["name"] == "mine"
    assert runs[0]["project"] == {"id": "id-1", "name": "p", "entityName": "e"}
    named = interface_of_reports.Project(name="p", entity_name="e", id="id-1")
    assert json.loads(named.model_dump_json(by_alias=True)) == runs[0]["project"]


def test_a_new_report_is_named_as_wandb_workspaces_names_it() -> None:
    # Theirs loses the zeros that a random number begins with.
    theirs = [interface_of_reports._generate_name() for _ in range(200)]
    assert len(new_report_name()) == max(map(len, theirs))
