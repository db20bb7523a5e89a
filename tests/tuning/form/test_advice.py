"""Warnings about a plan that can start all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.forms import plan
from tune_wandb_nb.tuning.form.setup import advice
from tune_wandb_nb.tuning.plan.plan import Plan


def test_advice(tmp_path: Path) -> None:
    def said(made: Plan, **known: Any) -> dict[str, str]:
        return {warning.field: warning.message for warning in advice(made, **known)}

    assert said(plan()) == {}
    assert said(plan(), reported=["accuracy"], available={"CPU": 2.0}) == {}
    assert "source reports: loss" in said(plan(), reported=["loss"])["metric"]
    found = said(plan(cpus="4", gpus="0.5"), available={"CPU": 2.0, "GPU": 0.0})
    assert "asks for 4, but there are 2" in found["cpus"]
    assert "asks for 0.5, but there are 0" in found["gpus"]
    assert said(plan(cpus="4")) == {}
    assert said(plan(gpus="4"), available={"CPU": 2.0}) == {}
    (tmp_path / "digits").mkdir()
    taken = said(plan(storage=str(tmp_path), name="digits"))
    assert "will be named 'digits_2'" in taken["name"]
    assert "makes 2,000,000 trials" in said(plan(samples="1000000"))["samples"]
    short = said(plan(iterations="5", scheduler="asha"))
    assert "trials end after 5 iterations anyway" in short["asha.max_t"]
