"""A file in a run's folder that names the trial of the run and the places of Tune's files.

`upload.rebuild` reads it to rebuild, from Tune's files, a run that wandb-core could not finish.
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
    """The trial that a run belongs to, and where Tune's files of that trial are."""

    run_id: str
    trial_id: str
    project: str
    group: str
    entity: str = ""
    """Empty if the run belongs to the default entity of its key."""
    experiment: str = ""
    """The path or URI of the experiment's folder; empty if unknown."""
    folder: str = ""
    """The local folder to which Tune writes the trial's files while the trial runs. The files in
    the experiment's folder are copied from here now and then, and may be older."""
    sweep: str = ""
    """The id of the sweep that the run belongs to; empty if to none."""
    hostname: str = field(default_factory=socket.gethostname)
    pid: str = field(default_factory=lambda: str(os.getpid()))
    """The process that writes the run."""

    @property
    def is_abandoned(self) -> bool:
        """Whether the process that wrote the run was on this machine and no longer exists."""
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
    """Write an origin to a run's folder.

    Raises:
        OSError: the file cannot be written.
    """
    (run_folder / _NAME).write_text(json.dumps(asdict(origin)), encoding="utf-8")


def is_of_a_trial(run_folder: Path) -> bool:
    """Return whether a run belongs to a trial of Tune."""
    return (run_folder / _NAME).exists()


def read_origin(run_folder: Path) -> Origin | None:
    """Read the origin from a run's folder; None if it is missing or unreadable.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> write_origin(folder, Origin("run", "trial", "digits", "search"))
        >>> read_origin(folder).trial_id
        'trial'
    """
    try:
        stored = json.loads((run_folder / _NAME).read_text(encoding="utf-8"))
        return Origin(**{name: str(value) for name, value in stored.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
