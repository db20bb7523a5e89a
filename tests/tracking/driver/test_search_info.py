"""What a logger says of its search."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tune_wandb_nb import WandbLogger
from tune_wandb_nb.tracking.driver.search_info import SearchInfo
from tune_wandb_nb.tracking.driver.trials import Trials
from tune_wandb_nb.tracking.runs.run_stats import RunStats


class Asked(SearchInfo):
    """A search with runs of these counts."""

    def __init__(self, *runs: RunStats) -> None:
        trials = Trials()
        for number, stats in enumerate(runs):
            stats.trial_id = f"ab_{number:05}"
            trials.add(SimpleNamespace(stats=stats))  # type: ignore[arg-type]
        self._session = SimpleNamespace(trials=trials)  # type: ignore[assignment]


def run(**counts: object) -> RunStats:
    stats = RunStats("ab_00000", "train_ab_00000", "ab_00000", "online")
    for name, value in counts.items():
        setattr(stats, name, value)
    return stats


def test_before_the_search_there_is_nothing_to_say() -> None:
    logger = WandbLogger(project="p", host="https://wandb.example.com")
    asked = ("mode", "project_url", "group_url", "sweep_url", "trouble")
    assert [getattr(logger, name) for name in asked] == [None] * 5
    assert (logger.host, logger.run_url("ab"), logger.stopped_in_wandb) == (
        "https://wandb.example.com",
        None,
        (),
    )
    assert len(logger.audit()) == 0


@pytest.mark.parametrize(
    ("runs", "trouble"),
    [
        ([run()], None),
        ([run(trouble="no key"), run(lost=1)], "1 run recorded offline: no key"),
        ([run(lost=1), run(lost=2)], "3 rows not in W&B; logger.audit() tells why"),
    ],
)
def test_trouble_is_what_is_not_in_wandb_though_it_should_be(
    runs: list[RunStats], trouble: str | None
) -> None:
    assert Asked(*runs).trouble == trouble


def test_the_project_is_that_of_the_first_run_online() -> None:
    assert Asked(run(), run(project_url="page")).project_url == "page"
    assert Asked(run()).project_url is None


def test_who_was_stopped_in_wandb() -> None:
    assert Asked(run(), run(stopped_in_wandb=True)).stopped_in_wandb == ("ab_00001",)
