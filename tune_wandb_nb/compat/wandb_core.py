import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

__all__ = [
    "SERVICE",
    "address_of",
    "core_binary",
    "core_command",
    "core_environment",
    "knows_detached_cores",
    "listened_sockets",
    "token_of",
]

SERVICE = "WANDB_SERVICE"

_SOCKET = re.compile(r"unix=(.+)")
_VERSION = "3"
_UNIX_TOKEN = re.compile(r"\d+-\d+-unix-(.+)")
_TCP_TOKEN = re.compile(r"\d+-\d+-tcp-localhost-(\d+)")


def core_binary() -> Path | None:
    folder = _wandb_folder()
    return None if folder is None else folder / "bin" / "wandb-core"


def knows_detached_cores() -> bool:
    """Read from wandb's sources, since its import takes a second."""
    folder = _wandb_folder()
    if folder is None:
        return False
    try:
        source = (folder / "sdk/lib/service/service_process.py").read_text()
        version = (folder / "sdk/lib/service/service_token.py").read_text()
    except OSError:
        return False
    return "--detached" in source and f'_CURRENT_VERSION = "{_VERSION}"' in version


def core_command(binary: Path, address_file: Path, idle: str) -> list[str]:
    """The process has no owner, and ends after ``idle`` ("60s") without a connection."""
    return [
        *(str(binary), "--port-filename", str(address_file), "--pid", str(os.getpid())),
        *("--detached", "--idle-timeout", idle),
    ]


def core_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Each run sends its own key to wandb-core."""
    return {k: v for k, v in environ.items() if k not in ("WANDB_API_KEY", SERVICE)}


def listened_sockets(address_file: Path) -> list[str] | None:
    """None while the file is not whole; raises OSError while it does not exist."""
    lines = address_file.read_text().splitlines()
    if not lines or lines[-1] != "EOF":
        return None
    return [match[1] for line in lines if (match := _SOCKET.fullmatch(line))]


def token_of(socket: str) -> str:
    """Of a wandb-core that this process has started."""
    return f"{_VERSION}-{os.getpid()}-unix-{socket}"


def address_of(token: str) -> str | tuple[str, int] | None:
    """As ``socket.connect`` takes it.

    Example:
        >>> address_of("3-17-unix-/tmp/wandb/socket"), address_of("3-17-tcp-localhost-8080")
        ('/tmp/wandb/socket', ('localhost', 8080))
    """
    if (on_disk := _UNIX_TOKEN.fullmatch(token)) is not None:
        return on_disk[1]
    port = _TCP_TOKEN.fullmatch(token)
    return ("localhost", int(port[1])) if port is not None else None


def _wandb_folder() -> Path | None:
    spec = find_spec("wandb")
    return Path(spec.origin).parent if spec and spec.origin else None
