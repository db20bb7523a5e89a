"""The kinds of distributions by name."""

from __future__ import annotations

from typing import Any

import pytest

from tune_wandb_nb.search_space.distributions.registry import KINDS, field_names, make
from tune_wandb_nb.search_space.distributions.values import SpaceError


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("beta", {}, "the kind must be one of uniform, .* but it is 'beta'"),
        ("kept", {}, "but it is 'kept'"),
        ("uniform", {"lower": 0}, "uniform has the fields lower, upper, but got 'lower'"),
        ("uniform", {"lower": 0, "upper": 1, "q": 1}, "uniform has the fields lower, upper"),
    ],
)
def test_make_refuses_unknown_kinds_and_fields(kind: str, arguments: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        make(kind, arguments)


def test_every_kind_can_be_made() -> None:
    assert [cls.kind for cls in KINDS.values()] == list(KINDS)


def test_fields_come_in_their_order() -> None:
    assert field_names("quniform") == ("lower", "upper", "q")
    with pytest.raises(SpaceError, match="the kind must be one of uniform") as caught:
        field_names("kept")
    assert caught.value.field == "kind"
