"""The panel's part for the W&B account: the API key, the server, working offline."""

import threading
from collections.abc import Callable

import ipywidgets

from tune_wandb_nb.tracking.auth.credentials import Credential, find_credential
from tune_wandb_nb.tracking.auth.graphql import (
    Account,
    AccountError,
    authorize_page,
    default_host,
    look_up_account,
    look_up_projects,
)
from tune_wandb_nb.tracking.broker.login import login, logout
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings
from tune_wandb_nb.widgets.base.markup import escape, link
from tune_wandb_nb.widgets.form import field
from tune_wandb_nb.widgets.form.key_field import KeyField

__all__ = ["AccountPart"]

_MARKS = {"good": "✓", "bad": "✗", "busy": "…", "none": "○"}


class AccountPart(ipywidgets.VBox):
    """Takes a key into this kernel's memory, and asks the server whose it is.

    Args:
        changed: called when the server or "work offline" changes.
        found: called, from another thread, with the account and the entity's projects.
    """

    def __init__(
        self,
        changed: Callable[[], None],
        found: Callable[[Account, tuple[str, ...]], None],
    ) -> None:
        self._found = found
        self._asking = 0
        self._lock = threading.Lock()
        self.settled = threading.Event()
        """Set while no server is being asked."""
        self.settled.set()
        self.account: Account | None = None
        self.key = KeyField(
            self._take,
            placeholder="paste it and press Enter",
            layout=ipywidgets.Layout(width="100%"),
        )
        self.host = field.text("server", placeholder=default_host())
        self.offline = field.box("work offline")
        self.check = ipywidgets.Button(description="Check", icon="check")
        self.forget = ipywidgets.Button(description="Forget key", icon="trash")
        for button, width in ((self.check, "92px"), (self.forget, "120px")):
            button.layout = ipywidgets.Layout(width=width)
        self.where = ipywidgets.HTML()
        self.status = ipywidgets.HTML()
        self.key_field = field.Field(self.key, "API key")
        super().__init__([self.status, *self._laid_out()])
        self.check.on_click(lambda _: self.ask())
        self.forget.on_click(lambda _: self._forget())
        self.host.on_change(lambda: self._on_server(changed))
        self.offline.on_change(lambda: self._on_server(changed))
        self.look()

    @property
    def fields(self) -> dict[str, field.Field]:
        """The fields that belong to the setup; the key does not."""
        return {"host": self.host, "offline": self.offline}

    @property
    def server(self) -> str:
        """The server's address."""
        return self.host.text.strip().rstrip("/") or default_host()

    def credential(self) -> Credential | None:
        """Return the key that a search would use, and where it was found.

        Raises:
            SettingsError: a place that was named explicitly has no usable key.
        """
        return find_credential(WandbSettings.resolve({}), self.server)

    def look(self) -> None:
        """Show where a key is found, and where there is one to be had."""
        page = authorize_page(self.server)
        self.where.value = f'<div class="twn soft">Your key is at {link(page, page)}</div>'
        self.account = None
        if self.offline.text:
            self._say("none", "Runs are written to this machine; nothing leaves it.")
        else:
            self._show_source()

    def ask(self) -> None:
        """Ask the server whose key it is, in the background; `settled` says when it is done."""
        try:
            credential = self.credential()
        except SettingsError as error:
            self._say("bad", str(error))
            return
        if credential is None:
            self._say("bad", "There is no key to check: paste one first.")
            return
        with self._lock:
            self._asking += 1
            turn = self._asking
        self.settled.clear()
        self._say("busy", f"Asking {self.server} ...")
        threading.Thread(
            target=self._ask, args=(turn, self.server, credential), name="account", daemon=True
        ).start()

    # Inside

    def _laid_out(self) -> list[ipywidgets.Widget]:
        row = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        pair = ipywidgets.HBox([self.key_field, self.host], layout=ipywidgets.Layout(width="100%"))
        for part in (self.key_field, self.host):
            part.layout = ipywidgets.Layout(flex="1 1 0", min_width="0")
        pair.add_class("twn-grid")
        self.offline.layout = ipywidgets.Layout(width="130px")
        tools = ipywidgets.HBox([self.check, self.forget, self.offline], layout=row)
        return [pair, self.where, tools]

    def _take(self, typed: str) -> None:
        try:
            login(typed, host=self.host.text.strip() or None)
        except SettingsError as error:
            # It says what is wrong with the shape, never the text.
            self._say("bad", str(error).replace("the key given to login()", "What was pasted"))
        else:
            self.ask()

    def _forget(self) -> None:
        logout(host=self.host.text.strip() or None)
        self.look()

    def _on_server(self, changed: Callable[[], None]) -> None:
        with self._lock:
            self._asking += 1  # an answer of another server is of no interest any more
            self.settled.set()
        self.look()
        changed()

    def _show_source(self) -> None:
        try:
            credential = self.credential()
        except SettingsError as error:
            self._say("bad", str(error))
            return
        self.forget.disabled = credential is None or "login" not in credential.source
        self.check.disabled = credential is None
        if credential is None:
            self._say("none", "No key: runs are written to this machine, to be uploaded later.")
        elif self.forget.disabled:
            self._say("good", f"A key is found in {credential.source}.")
        else:
            self._say("good", "A key is kept in this kernel's memory, and in no file.")

    def _ask(self, turn: int, server: str, credential: Credential) -> None:
        try:
            account = look_up_account(server, credential.key)
            kind, text = "good", f"Logged in as {account.entity or '(no default entity)'}."
        except AccountError as error:
            account, kind, text = None, "bad", str(error)
        with self._lock:
            if turn != self._asking:
                return
            self._show_source()
            self.account = account
            self._say(kind, text)
        if account is not None:
            self._found(account, _projects(server, credential.key, account.entity))
        with self._lock:
            if turn == self._asking:
                self.settled.set()

    def _say(self, kind: str, text: str) -> None:
        self.status.value = (
            f'<div class="twn twn-status {kind}"><b>{_MARKS[kind]}</b> {escape(text)}</div>'
        )


def _projects(server: str, key: ApiKey, entity: str) -> tuple[str, ...]:
    try:
        return look_up_projects(server, key, entity) if entity else ()
    except AccountError:
        # They are only suggestions.
        return ()
