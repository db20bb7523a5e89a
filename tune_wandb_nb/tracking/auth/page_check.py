from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

__all__ = ["frame_refusal"]

_TIMEOUT = 5.0
_LOGIN = ("/login", "/authorize", "/signup", "/oauth", "/sso")
_ANYWHERE = frozenset({"*", "http:", "https:", "http://*", "https://*"})


def frame_refusal(url: str, *, timeout: float = _TIMEOUT) -> str | None:
    """Return why a browser will not show a page in a frame, if that is known. No key is sent."""
    import requests

    try:
        answer = requests.get(
            url,
            # Otherwise requests would send what netrc has.
            auth=lambda request: request,
            timeout=timeout,
            stream=True,
        )
        answer.close()
    except (requests.RequestException, ValueError):
        return None  # The browser may still reach it.
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "the server asks for a login"
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        return f"the server answers it with status {answer.status_code}"
    if _is_login(answer.url, url):
        return "the server asks for a login"
    if _forbids_frames(answer.headers):
        return "the server lets no other page show it"
    return None


def _is_login(reached: str, asked: str) -> bool:
    reached_path, asked_path = urlsplit(reached).path.lower(), urlsplit(asked).path.lower()
    return reached_path != asked_path and reached_path.startswith(_LOGIN)


def _forbids_frames(headers: Mapping[str, str]) -> bool:
    for directive in headers.get("Content-Security-Policy", "").split(";"):
        words = directive.split()
        if words and words[0].lower() == "frame-ancestors":
            # Then browsers ignore the older header. A notebook is seldom at a listed address.
            return not _ANYWHERE.intersection(words[1:])
    return headers.get("X-Frame-Options", "").strip().upper() in ("DENY", "SAMEORIGIN")
