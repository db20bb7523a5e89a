"""Whether a W&B server lets a key in: asked once a search, before any run is opened."""

import threading
import time
from http import HTTPStatus

from tune_wandb_nb.tracking.apikey import ApiKey

__all__ = ["Gate"]

_QUERY = {"query": "query Viewer { viewer { id entity } }", "operationName": "Viewer"}
_PAUSE = 1.0


class Gate:
    """Asks a W&B server who the key belongs to; remembers the answer.

    A run that ``wandb.init`` could not open keeps its id in wandb-core until the process ends, so
    that it cannot be opened offline under the same id: better to know before.

    Args:
        host: The server's address.
        key: The API key; None for an identity token, which is not checked here.
        patience: Seconds for which a server that cannot be reached is asked again.
    """

    def __init__(self, host: str, key: ApiKey | None, *, patience: float = 10.0) -> None:
        self._host = host
        self._key = key
        self._patience = patience
        self._lock = threading.Lock()
        self._asked = False
        self._reason: str | None = None

    def refusal(self) -> str | None:
        """Return why runs cannot go online, or None where they can; blocks while it asks."""
        with self._lock:
            if not self._asked and self._key is not None:
                self._reason = self._ask(self._key)
            self._asked = True
            return self._reason

    def _ask(self, key: ApiKey) -> str | None:
        deadline = time.monotonic() + self._patience
        while True:
            reason, may_pass = self._ask_once(key)
            if not may_pass or time.monotonic() + _PAUSE >= deadline:
                return reason
            time.sleep(_PAUSE)

    def _ask_once(self, key: ApiKey) -> tuple[str | None, bool]:
        import requests

        try:
            answer = requests.post(
                f"{self._host}/graphql",
                json=_QUERY,
                auth=("api", key.reveal()),
                timeout=self._patience,
            )
        except requests.RequestException as error:
            return f"{self._host} cannot be reached ({type(error).__name__})", True
        if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return f"{self._host} refuses the API key", False
        if answer.status_code != HTTPStatus.OK:
            return f"{self._host} answers {answer.status_code}", True
        try:
            viewer = answer.json()["data"]["viewer"]
        except (ValueError, LookupError, TypeError):
            return f"{self._host} does not answer as a W&B server", False
        return (None if viewer else f"{self._host} refuses the API key"), False
