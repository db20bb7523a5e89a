import threading
from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

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
from tune_wandb_nb.widgets.form.field import Field, checkbox_field, text_field

__all__ = ["AccountPart"]

_STATUS_SYMBOLS = {"good": "✓", "bad": "✗", "busy": "…", "none": "○"}


class AccountPart(ipywidgets.VBox):
    """Keeps a key in this kernel's memory; ``on_account`` is called from another thread."""

    def __init__(
        self,
        on_change: Callable[[], None],
        on_account: Callable[[Account, tuple[str, ...]], None],
    ) -> None:
        self._on_account = on_account
        self._last_request = 0
        self._lock = threading.Lock()
        self.settled = threading.Event()
        """Set while no answer is awaited."""
        self.settled.set()
        self.account: Account | None = None
        self.key = _KeyField(
            self._log_in,
            placeholder="paste it and press Enter",
            layout=ipywidgets.Layout(width="100%"),
        )
        self.host = text_field("server", placeholder=default_host())
        self.offline = checkbox_field("work offline")
        self.check = ipywidgets.Button(description="Check", icon="check")
        self.forget = ipywidgets.Button(description="Forget key", icon="trash")
        for button, width in ((self.check, "92px"), (self.forget, "120px")):
            button.layout = ipywidgets.Layout(width=width)
        self.where = ipywidgets.HTML()
        self.status = ipywidgets.HTML()
        self.key_field = Field(self.key, "API key")
        super().__init__([self.status, *self._rows()])
        self.check.on_click(lambda _: self.check_key())
        self.forget.on_click(lambda _: self._log_out())
        self.host.on_change(lambda: self._on_server(on_change))
        self.offline.on_change(lambda: self._on_server(on_change))
        self.show_key_source()

    @property
    def fields(self) -> dict[str, Field]:
        """Without the key."""
        return {"host": self.host, "offline": self.offline}

    @property
    def server(self) -> str:
        return self.host.text.strip().rstrip("/") or default_host()

    def credential(self) -> Credential | None:
        return find_credential(WandbSettings.resolve({}), self.server)

    def show_key_source(self) -> None:
        page = authorize_page(self.server)
        self.where.value = f'<div class="twp soft">Your key is at {link(page, page)}</div>'
        self.account = None
        if self.offline.text:
            self._show_status("none", "Runs are written to this machine; nothing leaves it.")
        else:
            self._show_source()

    def check_key(self) -> None:
        try:
            credential = self.credential()
        except SettingsError as error:
            self._show_status("bad", str(error))
            return
        if credential is None:
            self._show_status("bad", "There is no key to check: paste one first.")
            return
        with self._lock:
            self._last_request += 1
            request = self._last_request
        self.settled.clear()
        self._show_status("busy", f"Asking {self.server} ...")
        threading.Thread(
            target=self._look_up,
            args=(request, self.server, credential),
            name="account",
            daemon=True,
        ).start()

    def _rows(self) -> list[ipywidgets.Widget]:
        row = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        pair = ipywidgets.HBox([self.key_field, self.host], layout=ipywidgets.Layout(width="100%"))
        for part in (self.key_field, self.host):
            part.layout = ipywidgets.Layout(flex="1 1 0", min_width="0")
        pair.add_class("twp-grid")
        self.offline.layout = ipywidgets.Layout(width="130px")
        tools = ipywidgets.HBox([self.check, self.forget, self.offline], layout=row)
        return [pair, self.where, tools]

    def _log_in(self, typed: str) -> None:
        try:
            login(typed, host=self.host.text.strip() or None)
        except SettingsError as error:
            # The error never contains what was typed.
            text = str(error).replace("the key given to login()", "What was pasted")
            self._show_status("bad", text)
        else:
            self.check_key()

    def _log_out(self) -> None:
        logout(host=self.host.text.strip() or None)
        self.show_key_source()

    def _on_server(self, on_change: Callable[[], None]) -> None:
        with self._lock:
            self._last_request += 1  # discards a pending answer
            self.settled.set()
        self.show_key_source()
        on_change()

    def _show_source(self) -> None:
        try:
            credential = self.credential()
        except SettingsError as error:
            self._show_status("bad", str(error))
            return
        self.forget.disabled = credential is None or "login" not in credential.source
        self.check.disabled = credential is None
        if credential is None:
            text = "No key: runs are written to this machine, to be uploaded later."
            self._show_status("none", text)
        elif self.forget.disabled:
            self._show_status("good", f"A key is found in {credential.source}.")
        else:
            self._show_status("good", "A key is kept in this kernel's memory, and in no file.")

    def _look_up(self, request: int, server: str, credential: Credential) -> None:
        try:
            account = look_up_account(server, credential.key)
            kind, text = "good", f"Logged in as {account.entity or '(no default entity)'}."
        except AccountError as error:
            account, kind, text = None, "bad", str(error)
        with self._lock:
            if request != self._last_request:
                return
            self._show_source()
            self.account = account
            self._show_status(kind, text)
        if account is not None:
            self._on_account(account, _projects(server, credential.key, account.entity))
        with self._lock:
            if request == self._last_request:
                self.settled.set()

    def _show_status(self, kind: str, text: str) -> None:
        symbol = _STATUS_SYMBOLS[kind]
        self.status.value = (
            f'<div class="twp twp-status {kind}"><b>{symbol}</b> {escape(text)}</div>'
        )


class _KeyField(ipywidgets.Password):
    """Passes what is typed to a function, and is empty again before anything else happens.

    A notebook's file may hold the values of its widgets (jupyter-widgets/ipywidgets#1793). The key
    is not echoed to other browsers.
    """

    value = traitlets.Unicode("", help="What is typed, until it is read.").tag(
        sync=True, echo_update=False
    )

    def __init__(self, on_key: Callable[[str], None], **given: Any) -> None:
        super().__init__(continuous_update=False, **given)
        self._on_key = on_key
        self.observe(self._on_value, "value")

    def _on_value(self, change: Any) -> None:
        typed = change["new"]
        if typed:
            self.value = ""
            self._on_key(typed)


def _projects(server: str, key: ApiKey, entity: str) -> tuple[str, ...]:
    try:
        return look_up_projects(server, key, entity) if entity else ()
    except AccountError:
        return ()
