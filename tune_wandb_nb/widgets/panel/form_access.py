from collections.abc import Mapping
from typing import Any

from tune_wandb_nb.search_space.inspection.import_name import CodeName
from tune_wandb_nb.search_space.space.space import SearchSpace
from tune_wandb_nb.tuning.form.setup import Setup
from tune_wandb_nb.tuning.form.setup_fields import FieldProblem
from tune_wandb_nb.tuning.form.space_rows import row_of
from tune_wandb_nb.tuning.plan.plan import Plan
from tune_wandb_nb.tuning.plan.plan_code import plan_code
from tune_wandb_nb.widgets.form.field import Field
from tune_wandb_nb.widgets.form.form import Form
from tune_wandb_nb.widgets.form.overview import sweep_yaml
from tune_wandb_nb.widgets.form.space_editor import SpaceEditor
from tune_wandb_nb.widgets.panel.prefill import as_texts

__all__ = ["FormAccess", "SetupError"]


class SetupError(ValueError):
    """The search cannot start as it is set up."""


class FormAccess:
    """Reads and fills the form of a `SetupPanel`."""

    form: Form

    @property
    def fields(self) -> Mapping[str, Field]:
        """The fields; ``panel.fields["samples"].text = "8"`` types into one."""
        return self.form.fields

    @property
    def space(self) -> SpaceEditor:
        """The table of the search space, a `SpaceEditor`."""
        return self.form.space

    @property
    def setup(self) -> Setup:
        """The typed texts and rows, valid or not."""
        return self.form.setup

    @property
    def problems(self) -> tuple[FieldProblem, ...]:
        """What is wrong; the search can start once it is empty."""
        return self.form.reading.problems

    @property
    def warnings(self) -> tuple[FieldProblem, ...]:
        """Oddities; the search can start with them."""
        return self.form.warnings

    @property
    def plan(self) -> Plan:
        """The search as it would start.

        Raises:
            SetupError: naming everything that is wrong.
        """
        plan = self.form.reading.plan
        if plan is None:
            problems = "\n".join(f"- {problem}" for problem in self.problems)
            raise SetupError(f"this has to be put right before the search can start:\n{problems}")
        return plan

    @property
    def search_space(self) -> SearchSpace:
        """The search space of the table.

        Raises:
            SetupError: naming what is wrong in it.
        """
        space = self.form.reading.space
        return self.plan.space if space is None else space

    def set(self, **fields: Any) -> None:
        """Set fields by name; None leaves a field as it is.

        A scheduler's setting has a dot in its name: ``panel.set(**{"asha.max_t": 20})``.

        Raises:
            TypeError: a field that does not exist.
        """
        self.form.set_texts(as_texts(fields))

    def set_parameter(self, name: str, domain: Any) -> None:
        """Give a hyperparameter another distribution, or add it to the table.

        Raises:
            SpaceError: a distribution that Tune cannot use either.

        Example:
            >>> from tune_wandb_nb import SetupPanel
            >>> panel = SetupPanel(metric="loss")
            >>> panel.set_parameter("epochs", 12)
            >>> panel.search_space["epochs"]
            Constant(value=12)
        """
        parameters = SearchSpace.from_param_space({name: domain})
        rows = list(self.space.rows)
        for path, distribution in parameters.items():
            index = next((i for i, row in enumerate(rows) if row.name.strip() == path), len(rows))
            rows[index : index + 1] = [row_of(path, distribution)]
        self.space.rows = rows

    def code(self) -> str:
        """Return the Python that runs the same search.

        Raises:
            SetupError: something is not right yet.
        """
        return plan_code(self.plan, self._code_name())

    def sweep(self) -> str:
        """Return the search as the YAML of a W&B sweep.

        Raises:
            SetupError: something is not right yet.
            SpaceError: W&B cannot express a parameter.
        """
        return sweep_yaml(self.plan)

    def _code_name(self) -> CodeName:
        raise NotImplementedError
