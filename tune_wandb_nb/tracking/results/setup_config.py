from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    _Base = Any
else:
    _Base = object

__all__ = ["KeepsSetupConfig", "add_plain"]

_PLAIN = (bool, int, float, str, type(None))
_LONGEST = 1000
_DEEPEST = 10


class KeepsSetupConfig(_Base):
    """Keeps what ``setup`` adds to its config: Tune passes it a copy, and reports the original."""

    _added_in_setup: Mapping[str, Any] = MappingProxyType({})

    def setup(self, config: dict[str, Any], **parameters: Any) -> None:
        """Set up the trial, then keep what was added to its config."""
        super().setup(config, **parameters)
        self._added_in_setup = add_plain(self.config, config)

    def reset_config(self, new_config: dict[str, Any]) -> Any:
        """Switch to another trial, for which what ``setup`` made is not made again."""
        succeeded = super().reset_config(new_config)
        if succeeded:
            add_plain(self.config, self._added_in_setup)
        return succeeded


def add_plain(config: object, changed: object) -> dict[str, Any]:
    """Add what only ``changed`` has to ``config``; return the additions.

    Only a few numbers, texts and collections of them: the config is part of every result.
    """
    if config is changed or not isinstance(config, dict) or not isinstance(changed, Mapping):
        return {}
    added = {
        name: value
        for name, value in changed.items()
        if name not in config and 0 <= _size(value) <= _LONGEST
    }
    config.update(added)
    return added


def _size(value: object, depth: int = 0) -> int:
    """Count the plain values; -1 where there are others, or too many."""
    if type(value) in _PLAIN:
        return 1
    if type(value) is dict:
        if any(type(key) not in _PLAIN for key in value):
            return -1
        inner: Any = value.values()
    elif type(value) in (list, tuple):
        inner = value
    else:
        return -1
    if len(inner) > _LONGEST or depth > _DEEPEST:
        return -1
    sizes = [_size(item, depth + 1) for item in inner]
    return -1 if -1 in sizes else sum(sizes)
