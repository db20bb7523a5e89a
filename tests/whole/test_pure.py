"""The modules that promise to need neither Ray nor W&B nor widgets keep it."""

import subprocess
import sys

import tune_wandb_nb

PURE = [
    "inspection.config_reads",
    "inspection.detect",
    "distributions.base",
    "plan.parse",
    "distributions.registry",
    "distributions.names",
    "distributions.number_checks",
    "distributions.ranges",
    "inspection.reports",
    "form.space_rows",
    "inspection.source",
    "space.space",
    "space.space_code",
    "space.space_json",
    "inspection.suggest",
    "space.wandb_sweep",
    "distributions.values",
    "form.advice",
    "plan.cluster",
    "distributions.code_layout",
    "inspection.import_name",
    "form.last_setup",
    "plan.plan",
    "form.setup",
    "plan.plan_code",
    "form.setup_fields",
    "form.setup_json",
    "search.ipython_shell",
    "plan.storage",
    "plan.strategies",
]


def test_pure_modules_import_nothing_heavy() -> None:
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(f'tune_wandb_nb.tuning.{name}')\n"
        "heavy = {'ray', 'wandb', 'ipywidgets'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from tune_wandb_nb import SearchSpace\n"
        "space = SearchSpace.from_json(SearchSpace().to_json())\n"
        "space.sample(1), space.to_code(), space.from_trainable(print)\n"
        "assert 'ray' not in sys.modules\n"
    )
    folder = str(next(iter(tune_wandb_nb.__path__))).removesuffix("/tune_wandb_nb")
    subprocess.run([sys.executable, "-c", code, *PURE], check=True, cwd=folder)
