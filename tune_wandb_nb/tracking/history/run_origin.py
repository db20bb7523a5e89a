"""A file in a run's folder that names Tune's files of the trial."""

import json
import os
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["Origin", "is_of_a_trial", "read_origin", "write_origin"]

_NAME = "tune-trial.json"


@dataclass(frozen=True, slots=True)
class Origin:
    run_id: str
    trial_id: str
    project: str
    group: str
    entity: str = ""
    """Empty for the default entity of its key."""
    experiment: str = ""
    folder: str = ""
    """Where Tune writes a running trial's files; those in the experiment's folder may be older."""
    sweep: str = ""
    hostname: str = field(default_factory=socket.gethostname)
    pid: str = field(default_factory=lambda: str(os.getpid()))

    @property
    def is_abandoned(self) -> bool:
        if self.hostname != socket.gethostname() or not self.pid.isdecimal():
            return False
        try:
            os.kill(int(self.pid), 0)
        except (OSError, OverflowError) as error:
            return isinstance(error, ProcessLookupError)
        return False


def write_origin(run_folder: Path, origin: Origin) -> None:
    (run_folder / _NAME).write_text(json.dumps(asdict(origin)), encoding="utf-8")


def is_of_a_trial(run_folder: Path) -> bool:
    return (run_folder / _NAME).exists()


def read_origin(run_folder: Path) -> Origin | None:
    try:
        stored = json.loads((run_folder / _NAME).read_text(encoding="utf-8"))
        return Origin(**{name: str(value) for name, value in stored.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
