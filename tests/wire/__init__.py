"""An honest reader of what wandb sends: a W&B server for tests and a reader of offline runs."""

from tests.wire.faults import Fault, Faults
from tests.wire.offline import (
    BrokenFileError,
    OfflineRun,
    find_wandb_files,
    read_ended_wandb_file,
    read_wandb_file,
)
from tests.wire.records import Request, WireArtifact, WireRun, WireSweep
from tests.wire.server import WireServer

__all__ = [
    "BrokenFileError",
    "Fault",
    "Faults",
    "OfflineRun",
    "Request",
    "WireArtifact",
    "WireRun",
    "WireServer",
    "WireSweep",
    "find_wandb_files",
    "read_ended_wandb_file",
    "read_wandb_file",
]
