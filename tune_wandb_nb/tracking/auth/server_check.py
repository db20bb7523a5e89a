import threading

from tune_wandb_nb.tracking.auth.graphql import AccountError, look_up_account
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.waiting import wait_until

__all__ = ["ServerCheck"]

_PAUSE = 1.0
_TIMEOUT_AGAIN = 5.0


class ServerCheck:
    """Asks a W&B server, which may be out of reach for ``timeout`` seconds, if it takes a key.

    It is asked first: a run that ``wandb.init`` could not open keeps its id in wandb-core, and
    cannot be opened offline under the same id.
    """

    def __init__(self, host: str, key: ApiKey | None, *, timeout: float = 10.0) -> None:
        self.host = host
        self.key = key
        self._timeout = timeout
        self._lock = threading.Lock()
        self._was_asked = False
        self._refusal: str | None = None
        self.is_final = False

    def refusal(self) -> str | None:
        """Return why runs cannot go online, or None; blocks while it asks."""
        with self._lock:
            if not self._was_asked and self.key is not None:
                self._ask_until_reached(self.key)
            self._was_asked = True
            return self._refusal

    def refuse(self, reason: str) -> None:
        """Keep further runs offline: the server answers, but a run could not be opened."""
        with self._lock:
            self._refusal = self._refusal or reason
            self._was_asked = True

    def ask_again(self) -> str | None:
        """As `refusal`; a refusal that is not final is checked anew."""
        with self._lock:
            if self._refusal is not None and not self.is_final and self.key is not None:
                self._ask(self.key, _TIMEOUT_AGAIN)
            return self._refusal

    def _ask_until_reached(self, key: ApiKey) -> None:
        def is_answered() -> bool:
            self._ask(key, self._timeout)
            return self._refusal is None or self.is_final

        wait_until(is_answered, self._timeout - _PAUSE, every=_PAUSE)

    def _ask(self, key: ApiKey, timeout: float) -> None:
        try:
            look_up_account(self.host, key, timeout=timeout)
        except AccountError as error:
            self._refusal, self.is_final = error.reason, error.is_final
        else:
            self._refusal = None
