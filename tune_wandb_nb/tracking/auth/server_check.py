"""Whether a W&B server lets a key in: asked before any run is opened, and after trouble."""

import threading
import time
from http import HTTPStatus

from tune_wandb_nb.tracking.settings.api_key import ApiKey

__all__ = ["Gate"]

_QUERY = {"query": "query Viewer { viewer { id entity } }", "operationName": "Viewer"}
_PAUSE = 1.0
_ONCE = 5.0


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
        self.host = host
        self.key = key
        self._patience = patience
        self._lock = threading.Lock()
        self._asked = False
        self._reason: str | None = None
        self._may_pass = True

    @property
    def is_final(self) -> bool:
        """Whether it is of no use to ask again: the key is refused, or it is no W&B server."""
        return not self._may_pass

    def refusal(self) -> str | None:
        """Return why runs cannot go online, or None where they can; blocks while it asks."""
        with self._lock:
            if not self._asked and self.key is not None:
                self._ask(self.key)
            self._asked = True
            return self._reason

    def close(self, reason: str) -> None:
        """Let no run in for now: the server answers, but a run could not be opened."""
        with self._lock:
            self._reason = self._reason or reason

    def ask_again(self) -> str | None:
        """As `refusal`, but what may have passed is asked anew."""
        with self._lock:
            if self._reason is not None and self._may_pass and self.key is not None:
                self._reason, self._may_pass = self._ask_once(self.key, _ONCE)
            return self._reason

    def _ask(self, key: ApiKey) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            self._reason, self._may_pass = self._ask_once(key, self._patience)
            if not self._may_pass or self._reason is None:
                return
            if time.monotonic() + _PAUSE >= deadline:
                return
            time.sleep(_PAUSE)

    def _ask_once(self, key: ApiKey, timeout: float) -> tuple[str | None, bool]:
        import requests

        try:
            answer = requests.post(
                f"{self.host}/graphql",
                json=_QUERY,
                auth=("api", key.reveal()),
                timeout=timeout,
            )
        except requests.RequestException as error:
            return f"{self.host} cannot be reached ({type(error).__name__})", True
        if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return f"{self.host} refuses the API key", False
        if answer.status_code != HTTPStatus.OK:
            return f"{self.host} answers {answer.status_code}", True
        try:
            viewer = answer.json()["data"]["viewer"]
        except (ValueError, LookupError, TypeError):
            return f"{self.host} does not answer as a W&B server", False
        return (None, True) if viewer else (f"{self.host} refuses the API key", False)
