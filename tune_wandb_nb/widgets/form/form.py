from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from tune_wandb_nb.search_space.inspection.detect import reported_metrics
from tune_wandb_nb.search_space.inspection.import_name import CodeName
from tune_wandb_nb.tracking.auth.graphql import Account
from tune_wandb_nb.tuning.form.setup import UNNAMED_PROJECT, Reading, Setup, advice, read_setup
from tune_wandb_nb.tuning.form.setup_fields import DEFAULTS, LABELS, WANDB_TICKS, FieldProblem
from tune_wandb_nb.tuning.plan.cluster import available_resources
from tune_wandb_nb.widgets.base.markup import escape
from tune_wandb_nb.widgets.form.account_part import AccountPart
from tune_wandb_nb.widgets.form.field import Field, checkbox_field, text_field, textarea_field
from tune_wandb_nb.widgets.form.overview import Overview
from tune_wandb_nb.widgets.form.search_part import SearchPart
from tune_wandb_nb.widgets.form.space_editor import SpaceEditor

__all__ = ["Form"]


class Form(ipywidgets.VBox):
    def __init__(self, code_name: Callable[[], CodeName], on_change: Callable[[], None]) -> None:
        self._code_name = code_name
        self._on_change = on_change
        self._is_paused = True
        self.metrics: tuple[str, ...] = ()
        self.reading = Reading(None, None, ())
        self.warnings: tuple[FieldProblem, ...] = ()
        self.space = SpaceEditor(self.refresh)
        self.project = _ProjectPart()
        self.search = SearchPart()
        self.account = AccountPart(self.refresh, self.project.suggest)
        self.overview = Overview()
        self.fields: Mapping[str, Field] = {
            **self.account.fields,
            **self.project.fields,
            **self.search.fields,
        }
        for field in self.fields.values():
            field.on_change(self.refresh)
        super().__init__(self._cards())
        self._is_paused = False

    @property
    def setup(self) -> Setup:
        texts = {name: field.text for name, field in self.fields.items()}
        return Setup(texts, self.space.rows)

    @setup.setter
    def setup(self, setup: Setup) -> None:
        self.set_texts({name: setup[name] for name in DEFAULTS})
        self.space.rows = setup.rows

    def set_texts(self, texts: Mapping[str, str]) -> None:
        """Read the form once, at the end."""
        self._is_paused = True
        try:
            for name, text in texts.items():
                self._set_text(name, text)
        finally:
            self._is_paused = False
        self.refresh()

    def suggest_metrics(self, trainable: Any) -> None:
        self.metrics = reported_metrics(trainable) if trainable is not None else ()
        self.search.suggest(self.metrics)

    def refresh(self) -> None:
        if self._is_paused:
            return
        self.reading = read_setup(self.setup)
        plan = self.reading.plan
        self.warnings = (
            () if plan is None else tuple(advice(plan, self.metrics, available_resources()))
        )
        self._show_problems()
        self.overview.show(self.reading, self.warnings, self._code_name())
        self._on_change()

    def _set_text(self, name: str, text: str) -> None:
        control = self.fields[name].control
        if isinstance(control, ipywidgets.Dropdown):
            values = [value for _, value in control.options]
            if text not in values:
                # Such as an algorithm that is not installed here: its field reports the problem.
                control.options = [*control.options, (text or "?", text)]
        self.fields[name].text = text

    def _show_problems(self) -> None:
        problems = {p.field: p.message for p in reversed(self.reading.problems) if p.row is None}
        warnings = {w.field: w.message for w in self.warnings}
        for name, field in self.fields.items():
            field.show(problems.get(name, ""), warnings.get(name, ""))
        self.space.show(self.reading.problems)

    def _cards(self) -> list[ipywidgets.Widget]:
        account = _card("Account", self.account, "1 1 360px")
        project = _card("Project", self.project, "1 1 360px")
        space = _card("Search space", self.space, "1 1 100%")
        search = _card("Search", self.search, "3 1 420px")
        overview = _card("Before the start", self.overview, "2 1 360px")
        return [_card_row([account, project]), _card_row([space]), _card_row([search, overview])]


class _ProjectPart(ipywidgets.VBox):
    def __init__(self) -> None:
        self.fields = {
            "project": text_field("project", placeholder=UNNAMED_PROJECT, suggestions=()),
            "entity": text_field("entity", placeholder="your own", suggestions=()),
            "group": text_field("group", placeholder="the search's name"),
            "tags": text_field("tags", placeholder="baseline, digits"),
            "notes": textarea_field("notes", placeholder="What is this search about?"),
            **{name: checkbox_field(LABELS[name]) for name in WANDB_TICKS},
        }
        for name, field in self.fields.items():
            basis = "100%" if name == "notes" else "30%" if name in WANDB_TICKS else "40%"
            field.layout = ipywidgets.Layout(flex=f"1 1 {basis}", min_width="0")
        grid = ipywidgets.Layout(flex_flow="row wrap")
        box = ipywidgets.HBox(list(self.fields.values()), layout=grid)
        box.add_class("twp-grid")
        super().__init__([box])

    def suggest(self, account: Account, projects: tuple[str, ...]) -> None:
        self.fields["entity"].suggest(dict.fromkeys((account.entity, *account.teams)))
        self.fields["project"].suggest(projects)


def _card(title: str, part: ipywidgets.Widget, flex: str) -> ipywidgets.VBox:
    heading = ipywidgets.HTML(f'<div class="twp twp-title">{escape(title)}</div>')
    layout = ipywidgets.Layout(flex=flex, min_width="0", width="auto")
    card = ipywidgets.VBox([heading, part], layout=layout)
    card.add_class("twp-card")
    return card


def _card_row(cards: list[ipywidgets.VBox]) -> ipywidgets.HBox:
    row = ipywidgets.HBox(cards, layout=ipywidgets.Layout(flex_flow="row wrap"))
    row.add_class("twp-cards")
    return row
