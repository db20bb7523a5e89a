"""The layout of Python source."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tune_wandb_nb.search_space.distributions.code_layout import call, dictionary, render, value


@pytest.mark.parametrize(
    "make",
    [
        lambda word: value([word, word[:2]]),
        lambda word: value((word,)),
        lambda word: value({"a": {"b": [word, 1]}}),
        lambda word: call("f", value(word)),
        lambda word: call("f", value([word, 1])),
        lambda word: call("f", value(1), second=value(word)),
        lambda word: dictionary({"a": {"b": call("f", value(word), value(2))}, "c": "1"}),
    ],
)
def test_a_formatter_has_nothing_to_do_at_any_width(make: Any) -> None:
    lines = [line for n in range(1, 100) for line in render("name = ", make("x" * n))]
    code = "\n".join([*lines, ""])
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "-"]
    done = subprocess.run(command, input=code, text=True, check=False, capture_output=True)
    assert done.returncode == 0, done.stdout


def test_a_short_dictionary_of_sources_still_has_a_line_for_each_entry() -> None:
    assert list(render("d = ", dictionary({"a": "1", "b": {}}))) == [
        "d = {",
        '    "a": 1,',
        '    "b": {},',
        "}",
    ]
