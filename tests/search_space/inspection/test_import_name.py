"""The name by which code refers to a training function."""

from __future__ import annotations

from typing import Any

from tests.trainable_functions import quick
from tune_wandb_nb.search_space.inspection.import_name import CodeName, code_name


def test_how_the_code_finds_what_is_trained() -> None:
    assert code_name(quick, {"_": quick, "train": quick}) == CodeName("train")
    module = quick.__module__
    assert code_name(quick, {}) == CodeName("quick", imported=f"from {module} import quick")
    inner = code_name(lambda config: None, {})
    assert (inner.name, inner.imported) == ("trainable", None)
    assert "given to SetupPanel" in str(inner.comment)


def test_a_private_name_of_the_notebook_is_not_used() -> None:
    def train(config: dict[str, Any]) -> None:
        """Do nothing."""

    assert code_name(train, {"_train": train}).name == "trainable"
    assert code_name(train, {"_train": train, "second": train}).name == "second"
    assert code_name(None, {}) == CodeName("train", comment="train: your training function")
