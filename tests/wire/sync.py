"""`wandb sync`, the command that users type, into the wire server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.wire.server import WireServer


def sync(server: WireServer, *arguments: str | Path) -> str:
    """Run it in a process of its own; returns what it says."""
    env = os.environ | server.environ
    command = [sys.executable, "-m", "wandb", "sync", *map(str, arguments)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr
