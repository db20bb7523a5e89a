from __future__ import annotations

from tune_wandb_nb.widgets.base.palette import blend


def test_colours() -> None:
    assert (blend(0), blend(1), blend(9)) == ("#6a8fd8", "#e69f00", "#e69f00")
