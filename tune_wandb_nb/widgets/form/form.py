"""The form of a search: four parts and what is about to start, kept up to date."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from tune_wandb_nb.tracking.auth.graphql import Account
from tune_wandb_nb.tuning.form.advice import advice
from tune_wandb_nb.tuning.form.setup import FieldProblem, Reading, Setup, read_setup
from tune_wandb_nb.tuning.form.setup_fields import DEFAULTS
from tune_wandb_nb.tuning.inspection.detect import reported_metrics
from tune_wandb_nb.tuning.inspection.import_name import CodeName
from tune_wandb_nb.tuning.plan.cluster import available_resources
from tune_wandb_nb.widgets.base.markup import escape
from tune_wandb_nb.widgets.form.account_part import AccountPart
from tune_wandb_nb.widgets.form.field import Field
from tune_wandb_nb.widgets.form.overview import Overview
from tune_wandb_nb.widgets.form.project_part import ProjectPart
from tune_wandb_nb.widgets.form.search_part import SearchPart
from tune_wandb_nb.widgets.form.space_editor import SpaceEditor

__all__ = ["Form"]


class Form(ipywidgets.VBox):
    """Holds what is typed, says what is wrong with it, and has the plan once nothing is.

    It reads itself at the first change.

    Args:
        named: tells how written code finds what is trained.
        changed: called after every change.
    """

    def __init__(self, named: Callable[[], CodeName], changed: Callable[[], None]) -> None:
        self._named = named
        self._changed = changed
        self._holding = True
        self.metrics: tuple[str, ...] = ()
        self.reading = Reading(None, None, ())
        self.warnings: tuple[FieldProblem, ...] = ()
        self.space = SpaceEditor(self.refresh)
        self.project = ProjectPart()
        self.search = SearchPart(self.refresh)
        self.account = AccountPart(self.refresh, self._on_account)
        self.overview = Overview()
        self.fields: Mapping[str, Field] = {
            **self.account.fields,
            **self.project.fields,
            **self.search.fields,
        }
        for one in self.fields.values():
            one.on_change(self.refresh)
        super().__init__(self._cards())
        self._holding = False

    @property
    def setup(self) -> Setup:
        """What is typed."""
        texts = {name: one.text for name, one in self.fields.items()}
        return Setup(texts, self.space.rows)

    @setup.setter
    def setup(self, setup: Setup) -> None:
        self.set_texts({name: setup[name] for name in DEFAULTS})
        self.space.rows = setup.rows

    def set_texts(self, texts: Mapping[str, str]) -> None:
        """Type into several fields at once."""
        self._holding = True
        try:
            for name, text in texts.items():
                self._type(name, text)
        finally:
            self._holding = False
        self.refresh()

    def look_at(self, trainable: Any) -> None:
        """Offer the metrics that a trainable reports."""
        self.metrics = reported_metrics(trainable) if trainable is not None else ()
        self.search.suggest(self.metrics)

    def refresh(self) -> None:
        """Read the form anew and show what comes of it."""
        if self._holding:
            return
        self.reading = read_setup(self.setup)
        plan = self.reading.plan
        self.warnings = (
            () if plan is None else advice(plan, self.metrics, available=available_resources())
        )
        self._show_problems()
        self.overview.show(self.reading, self.warnings, self._named())
        self._changed()

    # Inside

    def _type(self, name: str, text: str) -> None:
        control = self.fields[name].control
        if isinstance(control, ipywidgets.Dropdown):
            known = [value for _, value in control.options]
            if text not in known:
                # What was saved elsewhere, such as an algorithm that is not installed here: it
                # stands there and is said to be wrong, rather than being lost.
                control.options = [*control.options, (text or "?", text)]
        self.fields[name].text = text

    def _show_problems(self) -> None:
        wrong = {p.field: p.message for p in reversed(self.reading.problems) if p.row is None}
        odd = {w.field: w.message for w in self.warnings}
        for name, one in self.fields.items():
            one.show(wrong.get(name, ""), odd.get(name, ""))
        self.space.show(self.reading.problems)

    def _on_account(self, account: Account, projects: tuple[str, ...]) -> None:
        self.project.suggest(account, projects)

    def _cards(self) -> list[ipywidgets.Widget]:
        account = _card("Account", self.account, "1 1 360px")
        project = _card("Project", self.project, "1 1 360px")
        space = _card("Search space", self.space, "1 1 100%")
        search = _card("Search", self.search, "3 1 420px")
        before = _card("Before the start", self.overview, "2 1 360px")
        return [_cards([account, project]), _cards([space]), _cards([search, before])]


def _card(title: str, part: ipywidgets.Widget, flex: str) -> ipywidgets.VBox:
    heading = ipywidgets.HTML(f'<div class="twn twn-title">{escape(title)}</div>')
    layout = ipywidgets.Layout(flex=flex, min_width="0", width="auto")
    card = ipywidgets.VBox([heading, part], layout=layout)
    card.add_class("twn-card")
    return card


def _cards(cards: list[ipywidgets.VBox]) -> ipywidgets.HBox:
    row = ipywidgets.HBox(cards, layout=ipywidgets.Layout(flex_flow="row wrap"))
    row.add_class("twn-cards")
    return row
