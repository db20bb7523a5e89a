from __future__ import annotations

import pytest

from tests.widgets.evil import EVIL_IMAGE
from tests.widgets.tags import Tags
from tune_wandb_nb.search_space.distributions.base import (
    Choice,
    Constant,
    Distribution,
    Grid,
    Randn,
)
from tune_wandb_nb.search_space.distributions.ranges import LogUniform, QUniform, RandInt, Uniform
from tune_wandb_nb.search_space.distributions.registry import KINDS
from tune_wandb_nb.tuning.form.space_rows import Row
from tune_wandb_nb.widgets.form.preview import preview_html
from tune_wandb_nb.widgets.form.space_editor import SpaceRow


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_preview(kind: str) -> None:
    texts = {"lower": "2", "upper": "64", "q": "2", "mean": "0", "sd": "1"}
    texts |= {"values": f"1, 'b', {EVIL_IMAGE!r}", "value": f"'{EVIL_IMAGE}'"}
    row = SpaceRow(Row("a", kind, texts), lambda: None, lambda row, act: None)
    row.show([])
    assert "<svg" in row.preview.value
    assert Tags(row.preview.value).handlers == []


@pytest.mark.parametrize(
    ("distribution", "caption", "shape", "count"),
    [
        pytest.param(Uniform(0, 1), "0 … 1", "<rect", 1, id="uniform"),
        pytest.param(LogUniform(1e-4, 1), "0.0001 … 1 · log", 'class="notch"', 5, id="decades"),
        pytest.param(RandInt(1, 5), "1 … 4", "<rect", 4, id="integers"),
        pytest.param(RandInt(1, 5000), "1 … 4999", "<rect", 1, id="too-many-integers"),
        pytest.param(QUniform(0, 1, 0.25), "0 … 1", "<rect", 5, id="steps"),
        pytest.param(Randn(0, 1), "-3 … 3", "<polygon", 1, id="normal"),
        pytest.param(Choice(["a", "b"]), "a, b", "<rect", 2, id="choice"),
        pytest.param(Grid([1, 2, 3]), "1, 2, 3", "<circle", 3, id="grid"),
        pytest.param(Constant(7), "7", "<rect", 1, id="constant"),
    ],
)
def test_the_picture_shows_what_can_be_drawn(
    distribution: Distribution, caption: str, shape: str, count: int
) -> None:
    html = preview_html(distribution)
    assert f'title="{caption}"' in html
    assert html.count(shape) == count
