"""The modules that promise to need neither Ray nor W&B nor widgets keep it."""

import subprocess
import sys

import tune_wandb_nb

PURE = [
    *("config_reads", "detect", "distributions", "fields", "kinds", "names", "number_checks"),
    *("ranges", "reports", "rows", "source", "space", "space_code", "space_json", "suggest"),
    *("sweep", "values"),
    *("advice", "cluster", "code_layout", "code_name", "last_setup", "plan", "setup", "setup_code"),
    *("setup_fields", "setup_json", "shell", "storage", "strategies"),
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
