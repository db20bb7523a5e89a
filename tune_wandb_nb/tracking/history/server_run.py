from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tune_wandb_nb.compat.graphql import RUN, SAMPLED_ROWS, run_of, sample_of_steps, sampled_rows
from tune_wandb_nb.compat.wandb_names import STEP
from tune_wandb_nb.tracking.auth.graphql import AccountError, query_server
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.waiting import wait_until

__all__ = ["OVER", "KnownRun", "ServerRun"]

_ITERATION = "training_iteration"
_PAGE = 1000
"""So few steps that W&B's sampling leaves none out."""
_UNCLEAR = "W&B did not show which rows the run has: call it again later."
_FARTHEST = 1_000_000
"""Up to which step a run with few rows is searched for gaps, by a query a page."""
SETTLES_WITHIN, _LOOK_EVERY = 10.0, 1.0
"""Seconds that the server may take to show what it was sent, and between two looks."""
OVER = ("finished", "failed")


@dataclass(frozen=True, slots=True)
class KnownRun:
    last_step: int | None = None
    """W&B's own step (``_step``) of its last row."""
    iteration: int | None = None
    """``training_iteration`` by its last row, else by its summary, which may be ahead."""
    state: str | None = None
    """Such as "running"; None for a run that does not exist."""
    rows: int = 0
    tail: int | None = None
    """``training_iteration`` of its last row."""


@dataclass(frozen=True, slots=True)
class ServerRun:
    """A run that may exist in W&B; each method raises AccountError."""

    host: str
    key: ApiKey
    entity: str
    project: str
    run_id: str

    def look_up(self) -> KnownRun:
        run = run_of(self._query(RUN))
        if run is None:
            return KnownRun()
        rows, last = run["rows"], run["last"]
        return KnownRun(
            int(last.get(STEP, rows - 1)) if rows else None,
            _iteration_of({**run["summary"], **last}),
            run["state"],
            rows,
            _iteration_of(last),
        )

    def look_up_settled(self) -> KnownRun:
        """Look up a run that has not ended until two answers are equal: rows may still arrive."""
        answers: list[KnownRun] = []

        def is_settled() -> bool:
            answers.append(self.look_up())
            return answers[-1].state in (None, *OVER) or answers[-1] in answers[-2:-1]

        wait_until(is_settled, SETTLES_WITHIN, every=_LOOK_EVERY)
        return answers[-1]

    def has(self, step: int | None) -> bool:
        def has_step() -> bool:
            with suppress(AccountError):
                last_step = self.look_up().last_step
                return last_step is not None and step is not None and last_step >= step
            return False

        return step is None or wait_until(has_step, SETTLES_WITHIN, every=_LOOK_EVERY)

    def iterations(self, known: KnownRun) -> Container[int]:
        if known.last_step is None or known.iteration is None:
            return ()
        if known.last_step > _FARTHEST > known.rows > _PAGE:
            return range(known.iteration + 1)
        found: set[int] = set()

        def has_last_row() -> bool:
            found.clear()
            found.update(self._history(known))
            return known.tail is None or known.tail in found

        if not wait_until(has_last_row, SETTLES_WITHIN, every=_LOOK_EVERY):
            raise AccountError(_UNCLEAR)
        return found

    def _history(self, known: KnownRun) -> Iterator[int]:
        end = (known.last_step or 0) + 1
        # Steps may count samples, and be far apart.
        page = end if known.rows <= _PAGE else _PAGE
        for start in range(0, end, page):
            spec = sample_of_steps([STEP, _ITERATION], start, min(start + page, end), _PAGE)
            rows = sampled_rows(self._query(SAMPLED_ROWS, spec=spec))
            if rows is None:
                # Otherwise rows that W&B has would be written once more.
                raise AccountError(_UNCLEAR)
            yield from (each for each in map(_iteration_of, rows) if each is not None)

    def _query(self, query: str, **more: Any) -> dict[str, Any]:
        names = {"entity": self.entity, "project": self.project, "name": self.run_id}
        return query_server(self.host, self.key, query, {**names, **more})


def _iteration_of(row: Any) -> int | None:
    # A server may write 5.0.
    iteration = row.get(_ITERATION) if isinstance(row, dict) else None
    return int(iteration) if isinstance(iteration, int | float) and iteration % 1 == 0 else None
