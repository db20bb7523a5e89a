import asyncio
import contextlib

__all__ = ["CORE_STARTS_WITHIN", "NodeCores"]

CORE_STARTS_WITHIN = 12.0
"""Seconds, more than a process waits for the wandb-core that it starts."""


class NodeCores:
    """Decides which process starts a node's wandb-core; the others wait for it."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._starts: dict[str, asyncio.Event] = {}

    async def find(self, node: str, stale: str | None) -> tuple[str | None, bool]:
        if stale is not None and self._tokens.get(node) == stale:
            del self._tokens[node], self._starts[node]
        while (start := self._starts.get(node)) is not None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(start.wait(), CORE_STARTS_WITHIN)
            if start.is_set():
                return self._tokens.get(node), False
            if self._starts.get(node) is start:
                # The process that was to start it has died.
                break
        self._starts[node] = asyncio.Event()
        return None, True

    def started(self, node: str, token: str | None) -> None:
        if token is not None:
            self._tokens[node] = token
        self._starts.setdefault(node, asyncio.Event()).set()
