"""What wandb-workspaces does not promise: the text of a view, without its own way to the server.

Its ``save()`` makes a ``wandb.Api()``, which takes a key from the environment, netrc or wandb's
session. A key that is only in memory is in none of these.
"""

import secrets
from typing import Any

__all__ = ["new_view_name", "spec_of", "view_address"]


def spec_of(workspace: Any) -> str:
    """Return a ``wandb_workspaces.workspaces.Workspace`` as the server stores it.

    Raises:
        AttributeError: this wandb-workspaces has no such text.
    """
    text: str = workspace._to_model().spec.model_dump_json(by_alias=True, exclude_none=True)
    return text


def new_view_name() -> str:
    """Return a name for a new view: the server's own, which no person sees."""
    return f"nw-{secrets.token_hex(6)[:11]}-v"


def view_address(project_page: str, name: str) -> str:
    """Return the address of a saved view.

    Example:
        >>> view_address("https://wandb.ai/me/digits", "nw-ab12-v")
        'https://wandb.ai/me/digits?nw=ab12'
    """
    return f"{project_page}?nw={name.removeprefix('nw-').removesuffix('-v')}"
