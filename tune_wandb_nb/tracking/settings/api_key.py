import re
from typing import Any

__all__ = ["ApiKey", "describe_bad_key", "mask", "show"]

_SHORTEST_SECRET = 40
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
# Not any three words joined by dots: a web token starts with "eyJ", base64 of its JSON's brace.
_LOOKS_SECRET = re.compile(rf"eyJ[\w-]*\.[\w-]+\.[\w-]+|[\w-]{{{_SHORTEST_SECRET},}}")


def show(value: object, *, longest: int = 60) -> str:
    """Format a value for an error, which must not quote a key that was passed by mistake."""
    # Masked before it is cut: half a key is a secret too.
    text = mask(repr(value))
    return text if len(text) <= longest else f"{text[:longest]}..."


def mask(text: str) -> str:
    return _LOOKS_SECRET.sub("***", text)


def describe_bad_key(value: object) -> str | None:
    """Return a phrase such as "it has 12 characters", or None.

    As in ``wandb.sdk.lib.wbauth.validation``: an optional prefix and a dash (self-hosted servers),
    then at least 40 letters, digits or underscores; or a JSON web token.
    """
    if not isinstance(value, str):
        return f"it is a {type(value).__name__}"
    if not value:
        return "it is empty"
    if _JWT.fullmatch(value):
        return None
    secret = value.split("-", 1)[-1]
    if not re.fullmatch(r"[\w-]+", secret):
        return "it holds something other than letters, digits and underscores"
    if len(secret) < _SHORTEST_SECRET:
        return f"it has {len(secret)} characters"
    return None


class ApiKey:
    """A W&B API key held in memory: printed as ``***``, and unpickled as None."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def scrub(self, text: str) -> str:
        return text.replace(self._text, "***")

    def __repr__(self) -> str:
        return "ApiKey(***)"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ApiKey) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        return (_no_key, ())


def _no_key() -> None:
    pass
