import atexit
import threading
from collections.abc import Callable

from tune_wandb_nb.compat.ray_search import TuneSearch

__all__ = ["Departure"]

_LOOKS_EVERY = 1.0


class Departure:
    """Calls ``leave`` once Tune has left a search without its last hook, or the interpreter ends.

    Where Tune still runs then, in another thread, ``give_up`` is called instead.
    """

    def __init__(
        self, search: TuneSearch | None, leave: Callable[[], None], give_up: Callable[[], None]
    ) -> None:
        self._search, self._leave, self._give_up = search, leave, give_up
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def start(self) -> None:
        atexit.register(self._at_exit)
        threading.Thread(target=self._watch, name="tune-wandb-departure", daemon=True).start()

    def end(self) -> bool:
        """Return whether this is the first call: its caller closes the search."""
        with self._lock:
            is_first = not self._ended.is_set()
            self._ended.set()
            atexit.unregister(self._at_exit)
        return is_first

    def _watch(self) -> None:
        while not self._ended.wait(_LOOKS_EVERY):
            if self._search is not None and self._search.has_left:
                if self.end():
                    self._leave()
                return
            with self._lock:
                if not self._ended.is_set():
                    # What was registered last is called first: before wandb ends its process.
                    atexit.unregister(self._at_exit)
                    atexit.register(self._at_exit)

    def _at_exit(self) -> None:
        if self.end():
            is_left = self._search is None or self._search.has_left
            (self._leave if is_left else self._give_up)()
