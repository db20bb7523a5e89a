import ipywidgets

from tune_wandb_nb.tracking.auth.graphql import Account
from tune_wandb_nb.tuning.form.setup import UNNAMED_PROJECT
from tune_wandb_nb.tuning.form.setup_fields import LABELS, WANDB_TICKS
from tune_wandb_nb.widgets.form.field import checkbox_field, text_field, textarea_field

__all__ = ["ProjectPart"]


class ProjectPart(ipywidgets.VBox):
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
