"""Do what Binder does, but for the container: install, start, and run the notebook.

python tools/binder.py
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
NOTEBOOK = "notebooks/embedded_dashboard.ipynb"
SCRIPTS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
STARTS_WITHIN = 120
# Run by a Python that has repo2docker, in the folder to look at.
DETECT = """
import json
from repo2docker.app import Repo2Docker
pack = next(pack for cls in Repo2Docker().buildpacks if (pack := cls(base_image="")).detect())
before, after = pack.get_preassemble_scripts(), pack.get_assemble_scripts()
print(json.dumps({
    "pack": type(pack).__name__,
    "python": pack.python_version,
    "before": [command for _, command in before],
    "after": [command for _, command in after],
    "post": [str(path) for path in pack.get_post_build_scripts()],
    "start": str(pack.get_start_script()),
}))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone, home = Path(folder, "clone"), Path(folder, "home")
        home.mkdir()
        copy_checkout(clone)
        install = detect(clone)
        environment = make_environment(Path(folder, "environment"), install, clone)
        environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "DEMO_"))},
            "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
        }
        run("binder/postBuild", cwd=clone, env=environ)
        check_scripts(clone, environ)
        check_first_page(clone, environ)
        run_notebook(clone, environ)


def copy_checkout(clone: Path) -> None:
    """Copy what a commit of the checkout would have."""
    listed = run("git", "ls-files", "-co", "--exclude-standard", "-z", cwd=ROOT)
    for name in listed.split("\0"):
        if name and (ROOT / name).exists():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)


def detect(clone: Path) -> str:
    """Ask repo2docker what it would do; returns the command that installs."""
    with_repo2docker = (UV, "tool", "run", "--quiet", "--from", "jupyter-repo2docker", "python")
    found = json.loads(run(*with_repo2docker, "-c", DETECT, cwd=clone).splitlines()[-1])
    wanted = (clone / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    assert (found["pack"], found["python"]) == ("PythonBuildPack", wanted), found
    assert found["post"] == ["binder/postBuild"], found
    assert found["start"] == "${REPO_DIR}/binder/start", found
    # Not before the checkout is there, since it installs the checkout.
    assert not any("binder/requirements.txt" in command for command in found["before"]), found
    [install] = (c for c in found["after"] if "binder/requirements.txt" in c)
    print(f"{found['pack']} with Python {wanted}: {install}")
    return str(install)


def make_environment(environment: Path, install: str, clone: Path) -> Path:
    """Make an environment by the command that Binder would run."""
    run(UV, "venv", "--quiet", "--seed", "--python", sys.executable, environment)
    ours = install.replace("${KERNEL_PYTHON_PREFIX}", str(environment))
    run("bash", "-c", f"{ours} --quiet", cwd=clone)
    return environment


def check_scripts(clone: Path, environ: dict[str, str]) -> None:
    """See that JupyterLab has the scripts of the dashboard's widgets."""
    listed = run("bash", "-c", "jupyter labextension list 2>&1", cwd=clone, env=environ)
    plain = re.sub(r"\x1b\[\d*m", "", listed)
    for script in SCRIPTS:
        assert re.search(rf"{re.escape(script)} v[\d.]+ enabled OK", plain), plain
    print(f"JupyterLab has {' and '.join(SCRIPTS)}")


def check_first_page(clone: Path, environ: dict[str, str]) -> None:
    """Start Jupyter as the image does, and see which page it opens with."""
    command = ["jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.token="]
    start = [str(clone / "binder" / "start"), *command]
    with subprocess.Popen(  # noqa: S603
        start, cwd=clone, env=environ, stderr=subprocess.DEVNULL
    ) as server:
        try:
            address = server_address(clone, environ, server)
            with urllib.request.urlopen(address) as answer:  # noqa: S310 - http, this machine
                opened = answer.url
        finally:
            server.terminate()
    assert opened.endswith(f"/lab/tree/{NOTEBOOK}"), opened
    print(f"a session opens with {NOTEBOOK}")


def server_address(clone: Path, environ: dict[str, str], server: subprocess.Popen[bytes]) -> str:
    """Return the server's address as soon as it answers."""
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        listed = run("jupyter", "server", "list", "--jsonlist", cwd=clone, env=environ)
        if found := json.loads(listed):
            return str(found[0]["url"])
        # There is no event to wait for: Jupyter writes a file once it listens.
        time.sleep(1)
    raise TimeoutError("Jupyter has not started")


def run_notebook(clone: Path, environ: dict[str, str]) -> None:
    """Run the notebook where a session would, and look at what it shows."""
    command = ["binder/start", "jupyter", "execute", "--inplace", "--timeout=600", NOTEBOOK]
    run(*command, cwd=clone, env=environ)
    outputs = [
        output
        for cell in json.loads((clone / NOTEBOOK).read_text())["cells"]
        for output in cell.get("outputs", ())
    ]
    shown = {kind for output in outputs for kind in output.get("data", ())}
    assert {"application/vnd.jupyter.widget-view+json", "image/png"} <= shown, shown
    said = "".join(line for output in outputs for line in output.get("text", ()))
    # Ray may have said something of its own before.
    assert re.search(r"^0\.\d+ with {'alpha'", said, re.MULTILINE), said
    print(f"{NOTEBOOK} ran: {said.strip()}")


def run(*command: object, **given: Any) -> str:
    """Run a command and return what it prints; all of that is shown where it fails."""
    parts = [str(part) for part in command]
    done = subprocess.run(parts, capture_output=True, text=True, check=False, **given)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"{' '.join(parts)}\n{done.stdout}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
