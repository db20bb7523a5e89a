from __future__ import annotations

from tune_wandb_nb.widgets.base.palette import BEST, TrialColors, blend


def test_colours() -> None:
    slots = TrialColors()
    first = slots.assign(["a", "b", "c"])
    assert slots.assign(["c", "x", "a"]) == [first[2], first[1], first[0]]
    assert len(set(slots.assign(list("abcdef")))) == len(BEST)
    assert (blend(0), blend(1), blend(9)) == ("#6a8fd8", "#e69f00", "#e69f00")
