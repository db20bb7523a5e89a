"""Install this package into Colab's packages as a person there does, and see what it changes.

    python tools/colab_install.py FOLDER_WITH_A_WHEEL

Runs, in a kernel of this Python with Colab's shell, the install cell of a notebook in ``notebooks``
after the packages that a kernel of Colab has loaded by then, and uses what was installed in the
same kernel. It fails where a package of ``tests/colab/constraints.txt`` is not as it was.
"""

from __future__ import annotations

import re
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

import nbformat  # noqa: E402 - the checkout comes first
from nbclient import NotebookClient  # noqa: E402

from tests.colab.kernel import colab_environ  # noqa: E402

LOADED = "import IPython, ipywidgets, matplotlib.pyplot, numpy, pandas, pyarrow"
USED = """
import ray
import tune_wandb_nb as tw

tw.SetupPanel(lambda config: {"loss": config["lr"]}), tw.Dashboard(), tw.WandbLogger, ray.tune.run
"""


def pins() -> dict[str, str]:
    """Return Colab's versions, by the packages' names."""
    text = (CHECKOUT / "tests" / "colab" / "constraints.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", text, flags=re.MULTILINE))


def install(wheels: Path) -> None:
    """Run the install cell between others."""
    source = nbformat.read(CHECKOUT / "notebooks" / "widget_setup.ipynb", as_version=4)
    cell = next(c.source for c in source.cells if "NBVAL_TEST_NAME: install" in c.source)
    cells = [nbformat.v4.new_code_cell(text) for text in (LOADED, cell, USED)]
    with tempfile.TemporaryDirectory() as home:
        environ = colab_environ(Path(home, "ipython"), checkout=False)
        where = {"metadata": {"path": home}}
        client = NotebookClient(
            nbformat.v4.new_notebook(cells=cells),
            timeout=900,
            kernel_name="python3",
            resources=where,
        )
        client.execute(env={**environ, "PIP_FIND_LINKS": str(wheels.resolve())})


def main() -> None:
    before = {name: version(name) for name in pins()}
    if before != pins():
        sys.exit(f"not Colab's versions: {set(before.items()) ^ set(pins().items())}")
    install(Path(sys.argv[1]))
    after = {name: version(name) for name in pins()}
    changed = [
        f"{name} {before[name]} -> {after[name]}" for name in before if before[name] != after[name]
    ]
    if changed:
        sys.exit(f"changed under the running kernel: {', '.join(changed)}")
    print(f"installed beside {len(before)} packages of Colab; ray {version('ray')} came along")


if __name__ == "__main__":
    main()
