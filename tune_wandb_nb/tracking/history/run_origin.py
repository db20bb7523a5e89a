"""Which trial a run's folder belongs to, and where Tune's own files of it are: kept beside the run.

A file that wandb-core could not finish is rebuilt from there.
"""

import json
import os
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["Origin", "is_of_a_trial", "read_origin", "write_origin"]

_NAME = "tune-trial.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run comes from."""

    run_id: str
    trial_id: str
    project: str
    group: str
    entity: str = ""
    """Empty for the default entity of the key."""
    experiment: str = ""
    """The experiment's folder, or its URI; empty where it is unknown."""
    folder: str = ""
    """Where Tune writes the trial's files while it runs: newer than the experiment's folder."""
    hostname: str = field(default_factory=socket.gethostname)
    pid: str = field(default_factory=lambda: str(os.getpid()))
    """The process that writes the run."""

    @property
    def is_abandoned(self) -> bool:
        """Whether its process was on this machine, and is gone."""
        if self.hostname != socket.gethostname() or not self.pid.isdecimal():
            return False
        try:
            os.kill(int(self.pid), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return False


def write_origin(run_folder: Path, origin: Origin) -> None:
    """Keep it beside a run.

    Raises:
        OSError: it cannot be written.
    """
    (run_folder / _NAME).write_text(json.dumps(asdict(origin)), encoding="utf-8")


def is_of_a_trial(run_folder: Path) -> bool:
    """Tell whether a run is one of Tune's trials: others have no experiment to be found."""
    return (run_folder / _NAME).exists()


def read_origin(run_folder: Path) -> Origin | None:
    """Return what is kept beside a run; None where nothing is, or nothing that can be read.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> write_origin(folder, Origin("run", "trial", "digits", "search"))
        >>> read_origin(folder).trial_id
        'trial'
    """
    try:
        kept = json.loads((run_folder / _NAME).read_text(encoding="utf-8"))
        return Origin(**{name: str(value) for name, value in kept.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
