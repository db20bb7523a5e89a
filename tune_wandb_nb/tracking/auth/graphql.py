"""Whose API key it is: asked of the W&B server before a search."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tune_wandb_nb.tracking.settings.api_key import ApiKey

if TYPE_CHECKING:
    import requests

__all__ = [
    "Account",
    "AccountError",
    "ask",
    "authorize_page",
    "default_host",
    "knock",
    "look_up",
    "project_page",
    "projects_of",
]

_CLOUD = "https://api.wandb.ai"
_CLOUD_PAGE = "https://wandb.ai/authorize"
_PATIENCE = 10.0
_VIEWER = "query Viewer { viewer { id entity teams { edges { node { name } } } } }"
_PROJECTS = (
    "query GetProjects($entity: String!, $perPage: Int) { models(entityName: $entity,"
    " first: $perPage) { edges { node { name } } } }"
)
_MOST_PROJECTS = 200


class AccountError(RuntimeError):
    """The server does not say whose key it is; the message says why, never the key."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who a key belongs to: the default entity, and the teams."""

    entity: str
    teams: tuple[str, ...] = ()


def default_host(environ: Mapping[str, str] | None = None) -> str:
    """Return the server that is used where none is named.

    Example:
        >>> default_host({})
        'https://api.wandb.ai'
    """
    named = (os.environ if environ is None else environ).get("WANDB_BASE_URL", "")
    return named.strip().rstrip("/") or _CLOUD


def authorize_page(host: str) -> str:
    """Return the page on which a server shows a person's key.

    Example:
        >>> authorize_page("https://api.wandb.ai"), authorize_page("https://wandb.example.com/")
        ('https://wandb.ai/authorize', 'https://wandb.example.com/authorize')
    """
    return _CLOUD_PAGE if host.rstrip("/") == _CLOUD else f"{host.rstrip('/')}/authorize"


def project_page(host: str, entity: str, project: str) -> str:
    """Return the page of a project.

    Example:
        >>> project_page("https://api.wandb.ai", "me", "digits")
        'https://wandb.ai/me/digits'
    """
    home = authorize_page(host).removesuffix("/authorize")
    return f"{home}/{quote(entity, safe='')}/{quote(project, safe='')}"


def knock(host: str, *, timeout: float = _PATIENCE) -> None:
    """Find out whether anybody answers at an address; no key is sent.

    Raises:
        AccountError: nobody does.
    """
    _post(host, None, _VIEWER, {}, timeout)


def look_up(host: str, key: ApiKey, *, timeout: float = _PATIENCE) -> Account:
    """Ask a server whose key it is; blocks for ``timeout`` seconds at most.

    Raises:
        AccountError: refused, out of reach, or no W&B server.
    """
    viewer = ask(host, key, _VIEWER, {}, timeout=timeout).get("viewer")
    if not isinstance(viewer, dict):
        raise AccountError(f"{host} refuses the key: copy it anew from {authorize_page(host)}.")
    return Account(str(viewer.get("entity") or ""), tuple(_names(viewer.get("teams"))))


def projects_of(
    host: str, key: ApiKey, entity: str, *, timeout: float = _PATIENCE
) -> tuple[str, ...]:
    """Return the names of an entity's projects, the newest first.

    Raises:
        AccountError: as for `look_up`.
    """
    variables = {"entity": entity, "perPage": _MOST_PROJECTS}
    return tuple(_names(ask(host, key, _PROJECTS, variables, timeout=timeout).get("models")))


def ask(
    host: str,
    key: ApiKey,
    query: str,
    variables: Mapping[str, Any],
    *,
    timeout: float = _PATIENCE,
) -> dict[str, Any]:
    """Ask a server something in GraphQL; returns the "data" of its answer.

    Raises:
        AccountError: as for `look_up`.
    """
    answer = _post(host, key, query, variables, timeout)
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AccountError(f"{host} refuses the key: copy it anew from {authorize_page(host)}.")
    try:
        data = answer.json()["data"]
    except (ValueError, LookupError, TypeError):
        data = None
    if answer.status_code != HTTPStatus.OK or not isinstance(data, dict):
        raise AccountError(
            f"{host} does not answer as a W&B server does (status {answer.status_code}): check the"
            " address."
        )
    return data


def _post(
    host: str, key: ApiKey | None, query: str, variables: Mapping[str, Any], timeout: float
) -> "requests.Response":
    import requests

    try:
        return requests.post(
            f"{host.rstrip('/')}/graphql",
            json={"query": query, "variables": dict(variables)},
            # Given nothing, requests would send what netrc has.
            auth=("api", key.reveal()) if key is not None else lambda request: request,
            timeout=timeout,
        )
    except (requests.RequestException, ValueError) as error:
        # Its text may be long, and holds nothing that a person can act on.
        raise AccountError(
            f"{host} cannot be reached ({type(error).__name__}): check the address and the network."
        ) from None


def _names(connection: Any) -> list[str]:
    edges = connection.get("edges") if isinstance(connection, dict) else None
    nodes = [edge.get("node") for edge in edges or () if isinstance(edge, dict)]
    return [str(node["name"]) for node in nodes if isinstance(node, dict) and node.get("name")]
