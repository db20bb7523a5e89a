import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["printed_errors", "sync_command", "sync_environment", "without_path"]

_ERROR = re.compile(r"ERROR\s+(.*)")
_PATH = re.compile(r'^Failed to [^"]*"[^"]*": ')
_EXTRA_HEADERS = "WANDB_X_EXTRA_HTTP_HEADERS"


def sync_command(
    files: Iterable[Path], *, entity: str | None, project: str | None, parallel: int, live: bool
) -> list[str]:
    """Uploads and marks all of them; ``live`` follows files that are being written."""
    named = {"--entity": entity, "--project": project}
    return [
        *(sys.executable, "-m", "wandb", "beta", "sync", "--no-skip-synced", "-n", str(parallel)),
        *(["--no-skip-online", "--live"] if live else ["--no-skip-online"]),
        *(word for name, value in named.items() if value for word in (name, value)),
        *(str(file.absolute()) for file in files),
    ]


def sync_environment(
    environ: Mapping[str, str], *, host: str, key: str, folder: str
) -> dict[str, str]:
    """Nothing is shared with a search of this process."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("WANDB_") or name == _EXTRA_HEADERS
    }
    return {**kept, "WANDB_BASE_URL": host, "WANDB_API_KEY": key, "WANDB_DIR": folder}


def printed_errors(output: str) -> list[str]:
    """Those of a file name its folder."""
    return _ERROR.findall(output)


def without_path(error: str) -> str:
    return _PATH.sub("", error)
