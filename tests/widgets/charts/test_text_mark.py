from __future__ import annotations

import bqplot

from tune_wandb_nb.widgets.charts.text_mark import text_mark, write_texts


def test_texts_replace_those_before() -> None:
    mark = text_mark({"x": bqplot.LinearScale(), "y": bqplot.LinearScale()})
    assert mark.text.tolist() == []
    write_texts(mark, [(0, 0.5, "low"), (1, 0.75, "high")])
    assert mark.text.tolist() == ["low", "high"]
    assert (mark.x.tolist(), mark.y.tolist()) == ([0, 1], [0.5, 0.75])
    write_texts(mark, ())
    assert mark.text.tolist() == []
