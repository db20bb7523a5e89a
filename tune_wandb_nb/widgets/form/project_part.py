"""The panel's part for the W&B project."""

import ipywidgets

from tune_wandb_nb.tracking.auth.graphql import Account
from tune_wandb_nb.tuning.form.setup import UNNAMED_PROJECT
from tune_wandb_nb.widgets.form import field

__all__ = ["ProjectPart"]


class ProjectPart(ipywidgets.VBox):
    """Entity, project, group, tags and notes; an account fills in suggestions."""

    def __init__(self) -> None:
        self.fields = {
            "project": field.text("project", placeholder=UNNAMED_PROJECT, suggestions=()),
            "entity": field.text("entity", placeholder="your own", suggestions=()),
            "group": field.text("group", placeholder="the search's name"),
            "tags": field.text("tags", placeholder="baseline, digits"),
            "notes": field.area("notes", placeholder="What is this search about?"),
        }
        for name, one in self.fields.items():
            basis = "100%" if name == "notes" else "40%"
            one.layout = ipywidgets.Layout(flex=f"1 1 {basis}", min_width="0")
        grid = ipywidgets.Layout(flex_flow="row wrap")
        box = ipywidgets.HBox(list(self.fields.values()), layout=grid)
        box.add_class("twn-grid")
        super().__init__([box])

    def suggest(self, account: Account, projects: tuple[str, ...]) -> None:
        """Offer what an account has."""
        self.fields["entity"].suggest(dict.fromkeys((account.entity, *account.teams)))
        self.fields["project"].suggest(projects)
