import os
import platform
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import tune_wandb_nb
from tune_wandb_nb.tracking.auth.credentials import Credential, find_credential, server_of
from tune_wandb_nb.tracking.auth.graphql import (
    AccountError,
    check_reachable,
    default_host,
    look_up_account,
)
from tune_wandb_nb.tracking.settings.api_key import ApiKey, mask
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings
from tune_wandb_nb.tuning.plan.cluster import available_resources
from tune_wandb_nb.widgets.base.frontend import Frontend, detect_frontend
from tune_wandb_nb.widgets.doctor.conflicts import Folder, Machine, find_conflicts
from tune_wandb_nb.widgets.doctor.machine import JUPYTER, NEEDED, OPTIONAL, read_machine

__all__ = ["doctor"]

Line: TypeAlias = tuple[str, str]

_COLUMN = 23
_HARMLESS = re.compile(r"WANDB_(MODE|DIR|SILENT|CONSOLE)|RAY_(AIR_\w+|TMPDIR|CHDIR\w+)|TUNE_\w+")
"""Variables whose values are shown; others may hold a secret."""
_RELEVANT = re.compile(r"(WANDB|RAY|TUNE)_\w+|(?i:https?|no|all)_(?i:proxy)|NETRC")
_USER_IN_ADDRESS = re.compile(r"//[^/\s@]+@")


def doctor(*, host: str | None = None, timeout: float = 3.0) -> None:
    """Print one page about this machine, to be read here or pasted into a bug report.

    It has the versions, the frontend, W&B, Ray, the disks, and what is known to go wrong with a
    remedy for each. Nothing is started or written. An API key is never on the page, only where it
    was found.

    Args:
        host: The W&B server to ask; by default that of a search.
        timeout: Seconds that the W&B server, and a running Ray, have to answer.

    Example:
        >>> doctor(host="http://localhost:8080")  # doctest: +ELLIPSIS
        tune-wandb-nb ...
    """
    try:
        frontend, trouble = detect_frontend(), ""
    except ValueError as error:
        frontend, trouble = Frontend("plain"), str(error)
    # Copied before ray and wandb are imported, which set variables.
    machine = read_machine(frontend.name, dict(os.environ))
    sections = {
        "Versions": _versions(machine),
        "Frontend": _frontend(frontend, trouble),
        "W&B": _wandb(host, timeout),
        "Ray": _ray(timeout),
        "Disks": [(folder.name, _free_space(folder)) for folder in machine.folders],
        "Environment": _environment(machine.environ),
    }
    lines = [f"tune-wandb-nb {tune_wandb_nb.__version__}"]
    for title, section in sections.items():
        lines += ["", title, *(f"  {name:{_COLUMN}} {text}" for name, text in section)]
    print(_redact("\n".join([*lines, "", *_advice(machine)])))


def _versions(machine: Machine) -> Iterator[Line]:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield "python", f"{platform.python_version()} ({platform.python_implementation()}), {system}"
    for name in (*NEEDED, *JUPYTER, *OPTIONAL):
        version = machine.versions.get(name)
        if version is None and name not in NEEDED:
            continue
        is_broken = any(module.partition(".")[0] == name for module in machine.broken)
        yield name, (version or "not installed") + (", cannot be imported" if is_broken else "")


def _frontend(frontend: Frontend, trouble: str) -> Iterator[Line]:
    names = {"jupyterlab": "JupyterLab or Notebook 7", "plain": "no notebook"}
    yield "this is", trouble or names.get(frontend.name, frontend.name)
    yield "live widgets", "yes" if frontend.shows_widgets else "no"
    yield "embedded W&B page", "yes" if frontend.shows_iframes else "no, a link"


def _wandb(host: str | None, timeout: float) -> Iterator[Line]:
    try:
        settings = WandbSettings.resolve({"host": host}, None, os.environ)
    except SettingsError as error:
        yield "settings", str(error)
        return
    server = _server_of(settings)
    credential, trouble = _credential(settings, server)
    yield "mode of a search", _mode(settings, credential)
    yield "API key", trouble or (f"found: {credential.source}" if credential else "none found")
    key = credential.key if credential else None
    answer = _with_timeout(
        timeout, lambda: _ask_server(server, key, timeout), f"{server} is silent"
    )
    yield "server", answer


def _server_of(settings: WandbSettings) -> str:
    try:
        return server_of(settings)
    except Exception:  # wandb is missing or broken
        return default_host()


def _credential(settings: WandbSettings, server: str) -> tuple[Credential | None, str]:
    try:
        return find_credential(settings, server), ""
    except SettingsError as error:
        return None, str(error)


def _mode(settings: WandbSettings, credential: Credential | None) -> str:
    if settings.mode is not None:
        return f"{settings.mode} (WANDB_MODE)"
    if credential is not None or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return "online"
    return "offline, for want of a key"


def _ask_server(server: str, key: ApiKey | None, timeout: float) -> str:
    try:
        if key is None:
            check_reachable(server, timeout=timeout)
            return f"{server} answers"
        look_up_account(server, key, timeout=timeout)
    except AccountError as error:
        return str(error)
    return f"{server} takes the key"


def _ray(timeout: float) -> Iterator[Line]:
    ray: Any = sys.modules.get("ray")
    if not getattr(ray, "is_initialized", lambda: False)():
        yield "cluster", "none; a search starts one"
        return
    yield "cluster", _with_timeout(timeout, lambda: _describe_cluster(ray), "it does not answer")


def _describe_cluster(ray: Any) -> str:
    nodes = sum(bool(node.get("Alive")) for node in ray.nodes())
    available = available_resources()
    resources = ", ".join(f"{available.get(name, 0):g} {name}" for name in ("CPU", "GPU"))
    return f"{nodes} {'node' if nodes == 1 else 'nodes'} with {resources}"


def _free_space(folder: Folder) -> str:
    if not folder.writable:
        return f"{folder.path} cannot be written"
    gib = folder.free / 2**30
    return f"{gib:.1f} GiB free ({folder.free / max(folder.total, 1):.0%}): {folder.path}"


def _environment(environ: Mapping[str, str]) -> Iterator[Line]:
    for name in sorted(environ):
        if _RELEVANT.fullmatch(name):
            yield name, f"{environ[name]:.120}" if _HARMLESS.fullmatch(name) else "is set"


def _advice(machine: Machine) -> Iterator[str]:
    conflicts = find_conflicts(machine)
    yield "What to do" if conflicts else "Nothing is known to go wrong here."
    for number, conflict in enumerate(conflicts, start=1):
        yield f"  {number}. {conflict.problem}"
        yield f"     -> {conflict.remedy}"


def _with_timeout(seconds: float, ask: Callable[[], str], failure: str) -> str:
    """Call ``ask`` in a thread: a name server or a dead cluster may take minutes."""
    answer: list[str] = []

    def run() -> None:
        try:
            answer.append(ask())
        except Exception as error:
            answer.append(f"{failure} ({type(error).__name__})")

    thread = threading.Thread(target=run, name="doctor", daemon=True)
    thread.start()
    # A second more than ``ask`` has, whose own error says more.
    thread.join(seconds + 1.0)
    return answer[0] if answer else f"{failure} after {seconds:g} s"


def _redact(page: str) -> str:
    """Remove keys, users in addresses and the home folder."""
    home = str(Path.home())
    page = _USER_IN_ADDRESS.sub("//***@", mask(page))
    return re.sub(rf"{re.escape(home)}(?![\w.-])", "~", page) if len(home) > 1 else page
