"""Results as Tune's TensorBoard logger takes them: tried on the logger's own writer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tune_wandb_nb.tracking.results.tensorboard import for_tensorboard, numbers_of

FLOATS = np.random.default_rng(0).random


@pytest.mark.parametrize(
    ("array", "shape"),
    [
        pytest.param(FLOATS((8, 9, 3)), (3, 8, 9), id="rgb"),
        pytest.param(FLOATS((8, 9, 1)), (1, 8, 9), id="gray"),
        pytest.param(FLOATS((8, 9, 4)), (3, 8, 9), id="rgba"),
        pytest.param(FLOATS((3, 8, 9)), (3, 8, 9), id="channels-first"),
        pytest.param(FLOATS((2, 8, 9, 3)), (2, 3, 8, 9), id="batch"),
        pytest.param(np.full((8, 9, 3), 300), (3, 8, 9), id="integers"),
        pytest.param(np.ones((8, 9, 1), bool), (1, 8, 9), id="mask"),
        pytest.param(np.full((8, 9, 3), np.nan), (3, 8, 9), id="not-a-number"),
        pytest.param(FLOATS((8, 9)), (8, 9), id="matrix"),
        pytest.param(FLOATS((8, 9, 7)), None, id="no-image"),
        pytest.param(FLOATS((1, 2, 3, 8, 9)), None, id="video"),
        pytest.param(np.zeros((0, 4, 3)), None, id="empty"),
        pytest.param(np.array([{}, None]), None, id="objects"),
        pytest.param(np.array(["a"]), None, id="texts"),
    ],
)
def test_an_array_is_drawn_or_left_out(tmp_path: Path, array: Any, shape: Any) -> None:
    from tensorboardX import SummaryWriter

    taken = for_tensorboard({"a": array, "nested": {"a": array}, "loss": 0.1})
    if shape is None:
        assert taken == {"nested": {}, "loss": 0.1}
        return
    drawn = taken["nested"]["a"]
    assert drawn.shape == taken["a"].shape == shape
    with SummaryWriter(str(tmp_path)) as writer:
        if drawn.ndim == 3:
            writer.add_image("a", drawn)
        elif drawn.ndim == 4:
            writer.add_images("a", drawn)
        else:
            writer.add_histogram("a", drawn)


def test_the_numbers_of_a_result_are_what_is_left_in_the_end() -> None:
    result = {"loss": 0.1, "n": np.int64(3), "text": "t", "x": [1], "in": {"y": 1, "z": object()}}
    assert numbers_of(result) == {"loss": 0.1, "n": 3, "text": "t", "in": {"y": 1}}
