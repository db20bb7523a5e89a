import shlex
import threading
from pathlib import PurePath
from typing import Any

import ipywidgets

from tune_wandb_nb.tracking.auth.page_check import frame_refusal
from tune_wandb_nb.tracking.results.trial_end import STOPPED_IN_WANDB
from tune_wandb_nb.tracking.upload.sync_runs import summary, sync_runs
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.wording import shorten
from tune_wandb_nb.widgets.base.frontend import Frontend
from tune_wandb_nb.widgets.base.markup import escape, link, note
from tune_wandb_nb.widgets.base.palette import FULL_DESCRIPTION

__all__ = ["WandbPage"]

_GROUP, _PROJECT, _SWEEP, _VIEW = "group", "project", "sweep", "view"
_MADE = (("Its charts", _VIEW), ("Its sweep", _SWEEP))
_MOST_TRIALS = 200


class WandbPage(ipywidgets.VBox):
    """Embeds a page, with a link: cookies, a private project or http may leave an iframe blank.

    A new iframe loads the whole page again, so it is replaced only for a new URL or at a click.
    """

    def __init__(self, logger: Any, frontend: Frontend, height: int) -> None:
        self.logger = logger
        self._frontend = frontend
        self._height = height
        self._url: str | None = None
        self._folder: str | None = None
        self._upload_status = ""
        self._showed_view = False
        self._was_checked = False
        self._refusal: str | None = None
        self.choice = ipywidgets.Dropdown(
            description="Show",
            options=[("This search", _GROUP), ("The project", _PROJECT)],
            style=FULL_DESCRIPTION,
        )
        self.reload = ipywidgets.Button(description="Reload", icon="refresh")
        self.reload.layout = ipywidgets.Layout(width="96px")
        self.link = ipywidgets.HTML()
        self.sync = ipywidgets.Button(description="Sync to W&B", icon="cloud-upload")
        self.frame = ipywidgets.HTML(layout=ipywidgets.Layout(width="100%"))
        bar = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        self._bar = ipywidgets.HBox([self.choice, self.reload, self.link], layout=bar)
        super().__init__([self._bar, self.frame, self.sync])
        self.choice.observe(lambda _: self._load_chosen(), "value")
        self.reload.on_click(lambda _: self._load())
        self.sync.on_click(lambda _: self._sync())
        self._show_explanation()

    @property
    def mode(self) -> str | None:
        """None before the search, "none" without a logger."""
        return "none" if self.logger is None else self.logger.mode

    def show(self, snapshot: BoardSnapshot) -> None:
        if self.mode == "online":
            self._list_trials(snapshot)
            self._load_chosen()
        else:
            self._show_explanation()

    def url_of(self, page: str) -> str | None:
        """``page`` is "group", "project", "sweep", "view" or a trial's id."""
        if self.logger is None:
            return None
        if page == _GROUP:
            url = self.logger.group_url
        elif page == _PROJECT:
            url = self.logger.project_url
        elif page in (_SWEEP, _VIEW):
            url = getattr(self.logger, f"{page}_url", None)
        else:
            url = self.logger.run_url(page)
        return None if url is None else str(url)

    def _list_trials(self, snapshot: BoardSnapshot) -> None:
        trials = (snapshot.ranked() or list(snapshot.trials))[:_MOST_TRIALS]
        trials = sorted(trials, key=lambda trial: trial.number)
        stopped = frozenset(getattr(self.logger, "stopped_in_wandb", ()))
        trial_options = [
            (_title(trial.name, is_stopped=trial.trial_id in stopped), trial.trial_id)
            for trial in trials
            if self.url_of(trial.trial_id)
        ]
        made = [(title, page) for title, page in _MADE if self.url_of(page)]
        options = (*made, ("This search", _GROUP), ("The project", _PROJECT), *trial_options)
        if tuple(self.choice.options) != options:
            chosen = self.choice.value
            self.choice.options = options
            values = [value for _, value in options]
            is_new_view = _VIEW in values and not self._showed_view
            self._showed_view = self._showed_view or is_new_view
            self.choice.value = _VIEW if is_new_view else chosen if chosen in values else _GROUP

    def _load_chosen(self) -> None:
        url = self.url_of(self.choice.value)
        if url is not None and url != self._url:
            self._url = url
            self._load()

    def _load(self) -> None:
        if self._url is None:
            return
        self._bar.layout.display = None
        self.sync.layout.display = "none"
        self.link.value = f'<div class="twp">{link(self._url, "Open in W&B")}</div>'
        if not self._frontend.shows_iframes:
            self.frame.value = note(
                f"This frontend shows no page here: {link(self._url, self._url)}"
            )
            return
        if self._refusal is not None:
            self._show_refusal(self._refusal)
            return
        embedded = self._url + ("&" if "?" in self._url else "?") + "jupyter=true"
        # ipywidgets does not send an unchanged value.
        self.frame.value = ""
        self.frame.value = (
            f'<iframe src="{escape(embedded)}" title="W&amp;B" loading="lazy"'
            f' style="width:100%;height:{self._height}px;border:0"></iframe>'
        )
        if not self._was_checked:
            self._was_checked = True
            # The notebook cannot see that a browser shows an empty box.
            check = threading.Thread(
                target=self._check, args=(embedded,), name="wandb-page-check", daemon=True
            )
            check.start()

    def _check(self, embedded: str) -> None:
        self._refusal = frame_refusal(embedded)
        if self._refusal is not None:
            self._show_refusal(self._refusal)

    def _show_refusal(self, reason: str) -> None:
        self.frame.value = note(
            f"The page cannot be shown here: {escape(reason)}. {link(self._url or '', 'Open it')}"
            " in a tab of its own."
        )

    def _show_explanation(self) -> None:
        self._bar.layout.display = "none"
        self.sync.layout.display = "none"
        if self.mode is None:
            text = "The W&amp;B page appears when the search starts."
        elif self.mode == "offline":
            text = self._offline_html()
        elif self.mode == "disabled":
            text = "W&amp;B is disabled for this search: everything is in the tab Live."
        else:
            text = (
                "This search is not tracked in W&amp;B. Give it <code>wandb={'project': ...}</code>"
                " to track it, with or without an account."
            )
        self.frame.value = note(text)

    def _offline_html(self) -> str:
        text = (
            "This search is recorded offline; nothing left this machine. Call"
            " <code>tune_wandb_nb.login()</code> before a search to see its page here."
        )
        # Cached, since an audit visits every run.
        self._folder = self._folder or self._runs_folder()
        if self._folder is None:
            return text
        self.sync.layout.display = None
        command = escape(f"wandb sync {shlex.quote(self._folder)}/offline-run-*")
        return (
            f"{text} To upload what is recorded, press the button once you are logged in; or, in a"
            f" terminal: <pre>{command}</pre>{self._upload_status}"
        )

    def _runs_folder(self) -> str | None:
        audit = self.logger.audit()
        paths = audit["path"] if len(audit) else ()
        return next((str(PurePath(path).parent) for path in paths if path), None)

    def _sync(self) -> None:
        self._show_upload_status("Uploading ...")
        self.sync.disabled = True
        threading.Thread(target=self._upload, name="wandb-sync", daemon=True).start()

    def _upload(self) -> None:
        try:
            self._show_upload_status(summary(sync_runs(self.logger, progress=False)))
        except Exception as error:
            self._show_upload_status(f"Nothing was uploaded: {error}")
        finally:
            self.sync.disabled = False

    def _show_upload_status(self, text: str) -> None:
        self._upload_status = f"<p>{escape(text)}</p>"
        self._show_explanation()


def _title(name: str, *, is_stopped: bool) -> str:
    return f"{shorten(name, 40)} ({STOPPED_IN_WANDB})" if is_stopped else shorten(name, 40)
