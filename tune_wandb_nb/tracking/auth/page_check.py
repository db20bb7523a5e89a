from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

__all__ = ["frame_refusal"]

_TIMEOUT = 5.0
_LOGIN = ("/login", "/authorize", "/signup", "/oauth", "/sso")
_ANYWHERE = frozenset({"*", "http:", "https:", "http://*", "https://*"})


def frame_refusal(url: str, *, timeout: float = _TIMEOUT) -> str | None:
    """Return why a browser will show nothing of a page in a frame; None where it may show it.

    No key is sent. A server that cannot be reached from here may still be reached by the browser;
    and a page that asks for a login by its scripts looks like any other.
    """
    import requests

    try:
        answer = requests.get(
            url,
            # Without an auth argument requests would send what netrc has.
            auth=lambda request: request,
            timeout=timeout,
            stream=True,
        )
        answer.close()
    except (requests.RequestException, ValueError):
        return None
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
            # Browsers ignore the older header then. A notebook is seldom at a listed address.
            return not _ANYWHERE.intersection(words[1:])
    return headers.get("X-Frame-Options", "").strip().upper() in ("DENY", "SAMEORIGIN")
