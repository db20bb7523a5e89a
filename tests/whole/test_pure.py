"""The modules of the pure rooms need neither Ray nor W&B nor widgets when they are imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import tune_wandb_nb

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

PACKAGE = Path(tune_wandb_nb.__file__).parent
CHECKOUT = PACKAGE.parent


def pure_modules() -> list[str]:
    """Return every module that the contract of import-linter calls pure, and that has no leave."""
    pyproject = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    (contract,) = (c for c in contracts if c["name"].startswith("Pure rooms"))
    ignored = {line.partition(" -> ")[0] for line in contract["ignore_imports"]}
    files = [
        file
        for source in contract["source_modules"]
        for path in [CHECKOUT.joinpath(*source.split("."))]
        for file in (path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")])
    ]
    names = (".".join(file.relative_to(CHECKOUT).with_suffix("").parts) for file in files)
    return sorted({name.removesuffix(".__init__") for name in names} - ignored)


def test_the_contract_names_modules_of_every_pure_room() -> None:
    modules = pure_modules()
    for name in (
        *("tracking.notices", "tracking.settings.settings", "tuning.board", "tuning.board.board"),
        *("search_space.distributions.base", "tuning.form.setup", "tuning.plan.plan"),
    ):
        assert f"tune_wandb_nb.{name}" in modules
    assert "tune_wandb_nb.search_space.space.ray_tune" not in modules


def test_pure_modules_import_nothing_heavy() -> None:
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        "heavy = {'ray', 'wandb', 'ipywidgets'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from tune_wandb_nb import SearchSpace\n"
        "space = SearchSpace.from_json(SearchSpace().to_json())\n"
        "space.sample(1), space.to_code(), space.from_trainable(print)\n"
        "assert 'ray' not in sys.modules\n"
    )
    modules = [*pure_modules(), "tune_wandb_nb.tuning.search.ipython_shell"]
    subprocess.run([sys.executable, "-c", code, *modules], check=True, cwd=CHECKOUT)
