import { formatDuration, formatNumber, formatText } from "../data/numbers";
import type { Trial } from "../data/store";
import { safeUrl } from "../data/values";
import type { Scalar, SearchInfo, TrialState } from "../protocol";
import type { Context } from "../ui/context";
import { h, icon } from "../ui/dom";
import { LINK } from "../ui/icons";

const UNENDED: ReadonlySet<TrialState> = new Set(["running", "pending", "paused"]);

/** What an open row shows of its trial. */
export class Details {
  readonly element = h("div", { class: "twn-details", role: "region" });
  private content = "";
  private readonly asked = new Set<string>();
  private whole = false;
  private shownId: string | null = null;

  constructor(
    private readonly context: Context,
    private readonly close: () => void,
  ) {
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  get height(): number {
    return this.element.offsetHeight;
  }

  place(top: number, width: number): void {
    this.element.style.top = `${top}px`;
    this.element.style.width = `${width}px`;
  }

  show(trial: Trial): void {
    if (this.shownId !== trial.id) this.whole = false;
    this.shownId = trial.id;
    const { search } = this.context.model.store;
    const content = JSON.stringify([
      [...trial.params],
      [...trial.last].map(([name, value]) => [name, String(value)]),
      [trial.id, trial.state, trial.error, trial.url, trial.folder, trial.iteration, trial.seconds],
      [canStop(search), this.asked.has(trial.id), this.whole],
    ]);
    // A button that is replaced between a press and its release would never be clicked.
    if (content === this.content) return;
    this.content = content;
    const focused = this.element.contains(document.activeElement);
    this.element.setAttribute("aria-label", `Trial ${trial.name}`);
    this.element.replaceChildren(
      this.header(trial),
      ...(trial.error === null ? [] : [this.error(trial)]),
      h(
        "div",
        { class: "twn-lists" },
        list("Hyperparameters", trial.params, "The search has no hyperparameters."),
        list("Last result", trial.last, "Nothing reported yet."),
      ),
    );
    if (focused) this.element.querySelector("button")?.focus();
  }

  private header(trial: Trial): HTMLElement {
    const url = safeUrl(trial.url);
    const link =
      url !== null &&
      h(
        "a",
        { class: "twn-link", href: url, target: "_blank", rel: "noopener noreferrer" },
        "W&B run",
        icon(LINK),
      );
    const facts = [
      trial.state,
      `iteration ${trial.iteration}`,
      formatDuration(trial.seconds),
      ...(trial.experiment ? [trial.experiment] : []),
    ];
    return h(
      "div",
      { class: "twn-details-head" },
      h("strong", { class: "twn-breaking" }, trial.name),
      h("span", { class: "twn-muted" }, facts.filter((fact) => fact !== "").join(" · ")),
      link,
      this.stopButton(trial),
      trial.folder !== null && h("code", { class: "twn-folder", title: "Folder" }, trial.folder),
    );
  }

  private stopButton(trial: Trial): HTMLElement | false {
    const { model } = this.context;
    if (!canStop(model.store.search) || !UNENDED.has(trial.state)) return false;
    const asked = this.asked.has(trial.id);
    const stop = (): void => {
      this.asked.add(trial.id);
      model.send({ kind: "stop-trial", id: trial.id });
      this.show(trial);
    };
    return h(
      "button",
      { class: "twn-button twn-stop", type: "button", disabled: asked, onclick: stop },
      asked ? "Stopping with its next result…" : "Stop this trial",
    );
  }

  private error(trial: Trial): HTMLElement {
    const text = trial.error ?? "";
    const long = text.split("\n").length > 8 || text.length > 800;
    const pre = h("pre", { class: "twn-trace" }, text);
    if (long && !this.whole) pre.classList.add("twn-clipped");
    const toggle = (): void => {
      this.whole = !this.whole;
      this.show(trial);
    };
    return h(
      "div",
      { class: "twn-trace-box" },
      pre,
      long &&
        h(
          "button",
          { class: "twn-link", type: "button", onclick: toggle },
          this.whole ? "Show less" : "Show all of the error",
        ),
      trial.errorTooLong === true &&
        h(
          "p",
          { class: "twn-muted" },
          "The error is longer; its whole text is in error.txt of the trial's folder.",
        ),
    );
  }
}

function canStop(search: SearchInfo): boolean {
  return search.canStopTrials ?? search.canStop;
}

function list(title: string, values: ReadonlyMap<string, Scalar>, none: string): HTMLElement {
  const rows = [...values].flatMap(([name, value]) => [
    h("dt", {}, name),
    h("dd", {}, exact(value)),
  ]);
  return h(
    "section",
    {},
    h("h3", {}, title),
    rows.length === 0 ? h("p", { class: "twn-muted" }, none) : h("dl", {}, ...rows),
  );
}

function exact(value: Scalar): string {
  if (typeof value !== "number") return formatText(value) || "none";
  return Number.isFinite(value)
    ? String(value).replace("-", "−").replace("e−", "e-")
    : formatNumber(value);
}
