import os
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tune_wandb_nb.compat.graphql import PROJECTS, VIEWER, first_error, names_of
from tune_wandb_nb.tracking.settings.api_key import ApiKey

if TYPE_CHECKING:
    import requests

__all__ = [
    "Account",
    "AccountError",
    "authorize_page",
    "check_reachable",
    "default_host",
    "look_up_account",
    "look_up_projects",
    "project_page",
    "query_server",
]

_CLOUD = "https://api.wandb.ai"
_CLOUD_PAGE = "https://wandb.ai/authorize"
_TIMEOUT = 10.0
_MOST_PROJECTS = 200
_LONGEST_REFUSAL = 200


class AccountError(RuntimeError):
    """The server refuses the key or cannot be asked; the message says why, never the key.

    ``reason`` says it in a few words; ``is_final``: asking again is of no use.
    """

    def __init__(self, message: str, *, reason: str = "", is_final: bool = False) -> None:
        super().__init__(message)
        self.reason = reason or message
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Account:
    entity: str
    teams: tuple[str, ...] = ()


def default_host(environ: Mapping[str, str] | None = None) -> str:
    named = (os.environ if environ is None else environ).get("WANDB_BASE_URL", "")
    return named.strip().rstrip("/") or _CLOUD


def authorize_page(host: str) -> str:
    return _CLOUD_PAGE if host.rstrip("/") == _CLOUD else f"{host.rstrip('/')}/authorize"


def project_page(host: str, entity: str, project: str) -> str:
    site = authorize_page(host).removesuffix("/authorize")
    return f"{site}/{quote(entity, safe='')}/{quote(project, safe='')}"


def check_reachable(host: str, *, timeout: float = _TIMEOUT) -> None:
    """No key is sent."""
    _post(host, None, VIEWER, {}, timeout)


def look_up_account(host: str, key: ApiKey, *, timeout: float = _TIMEOUT) -> Account:
    viewer = query_server(host, key, VIEWER, {}, timeout=timeout).get("viewer")
    if not isinstance(viewer, dict):
        raise _key_refused(host)
    return Account(str(viewer.get("entity") or ""), tuple(names_of(viewer.get("teams"))))


def look_up_projects(host: str, key: ApiKey, entity: str) -> tuple[str, ...]:
    data = query_server(host, key, PROJECTS, {"entity": entity, "perPage": _MOST_PROJECTS})
    return tuple(names_of(data.get("models")))


def query_server(
    host: str, key: ApiKey, query: str, variables: Mapping[str, Any], *, timeout: float = _TIMEOUT
) -> dict[str, Any]:
    answer = _post(host, key, query, variables, timeout)
    status = answer.status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise _key_refused(host)
    try:
        body = answer.json()
    except ValueError:
        body = None
    data = body.get("data") if isinstance(body, dict) else None
    is_ok = status == HTTPStatus.OK
    is_empty = not isinstance(data, dict) or not any(data.values())
    if is_ok and is_empty and (refusal := first_error(body)):
        # No right, or no such thing on this server.
        reason = f"{host} answers: {key.scrub(refusal)[:_LONGEST_REFUSAL]}"
        raise AccountError(f"{reason} (status {status}).", reason=reason)
    if is_ok and isinstance(data, dict):
        return data
    raise AccountError(
        f"{host} does not answer as a W&B server does (status {status}): check the address.",
        reason=f"{host} does not answer as a W&B server" if is_ok else f"{host} answers {status}",
        is_final=is_ok,
    )


def _post(
    host: str, key: ApiKey | None, query: str, variables: Mapping[str, Any], timeout: float
) -> "requests.Response":
    import requests

    try:
        return requests.post(
            f"{host.rstrip('/')}/graphql",
            json={"query": query, "variables": dict(variables)},
            # Otherwise requests would send what netrc has.
            auth=("api", key.reveal()) if key is not None else lambda request: request,
            timeout=timeout,
        )
    except (requests.RequestException, ValueError) as error:
        # Its text may be long, and is no help.
        reason = f"{host} cannot be reached ({type(error).__name__})"
        raise AccountError(f"{reason}: check the address and the network.", reason=reason) from None


def _key_refused(host: str) -> AccountError:
    return AccountError(
        f"{host} refuses the key: copy it anew from {authorize_page(host)}.",
        reason=f"{host} refuses the API key",
        is_final=True,
    )
