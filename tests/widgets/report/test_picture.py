from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.boards import search
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.widgets.report.picture import picture_png, picture_tag


@pytest.mark.parametrize("metric", ["score", None])
def test_the_picture_is_a_png(metric: str | None) -> None:
    png = picture_png(search(40))
    assert png is not None
    assert len(png) < 300_000
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    assert image.std() > 5
    assert picture_png(TrialBoard(metric, "max").snapshot()) is None


def test_names_in_the_picture_are_not_mathematics() -> None:
    board = TrialBoard("$\\frac{", "max")
    board.add("a", name="$x_", params={"$y^": 1})
    board.add("b", name="$x_", params={"$y^": 2})
    for name in "ab":
        board.record(name, {"training_iteration": 1, "$\\frac{": 1.0})
    assert picture_png(board.snapshot())


def test_the_tag_contains_the_picture_itself() -> None:
    assert 'src="data:image/png;base64,cG5n"' in picture_tag(b"png")
    assert picture_tag(None) == ""
