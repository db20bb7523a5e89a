import { counted, formatDuration, formatNumber, formatText } from "../data/numbers";
import type { Trial } from "../data/store";
import { safeUrl } from "../data/values";
import { type Objective, TRIAL_STATES, type TrialState } from "../protocol";
import type { Context, Part } from "../ui/context";
import { h, icon, setAttribute, setText } from "../ui/dom";
import { LINK, stateIcon } from "../ui/icons";

/** The line over everything: how the search stands, its best trial, its counts, Stop. */
export class StatusBar implements Part {
  readonly element: HTMLElement;
  private readonly badge = h("span", { class: "twn-badge" });
  private readonly name = h("h2", { class: "twn-name" });
  private readonly links = h("span", { class: "twn-links" });
  private readonly elapsed = h("span", { class: "twn-elapsed" });
  private readonly stop = h("button", { class: "twn-button twn-stop", type: "button" }, "Stop");
  private readonly progress = h("div", { class: "twn-progress", role: "progressbar" });
  private readonly best = h("div", { class: "twn-best" });
  private readonly chips = h("div", { class: "twn-chips", role: "group" });
  private readonly note = h("p", { class: "twn-note", role: "status" });
  private readonly error = h("p", { class: "twn-error", role: "alert" });
  private readonly segments = new Map<TrialState, HTMLElement>();
  private readonly chipOf = new Map<TrialState, HTMLButtonElement>();
  private readonly timer = setInterval(() => this.tick(), 1000);
  private receivedAt = Date.now();
  private asked = false;

  constructor(
    private readonly context: Context,
    private readonly live: boolean,
    private readonly reveal: (id: string) => void,
  ) {
    setAttribute(this.chips, "aria-label", "Trials by status");
    for (const state of TRIAL_STATES) this.addState(state);
    this.stop.addEventListener("click", () => this.askToStop());
    this.element = h(
      "header",
      { class: "twn-status" },
      h("div", { class: "twn-title" }, this.badge, this.name, this.links, this.elapsed, this.stop),
      this.progress,
      h("div", { class: "twn-facts" }, this.best, this.chips),
      this.note,
      this.error,
    );
  }

  update(): void {
    const { search } = this.context.model.store;
    this.receivedAt = Date.now();
    setText(this.name, search.name || "Search");
    setAttribute(this.name, "title", search.name);
    this.updateBadge();
    this.updateLinks();
    this.updateProgress();
    this.updateBest();
    this.updateChips();
    setText(this.note, noteOf(search.note, search.dropped));
    setText(this.error, search.error ?? "");
    if (!search.canStop) this.asked = false;
    const stopping = search.stopping || this.asked;
    this.stop.hidden = !search.canStop && !search.stopping;
    this.stop.disabled = stopping;
    setText(this.stop, stopping ? "Stopping…" : "Stop");
    this.tick();
  }

  highlight(): void {
    // Nothing here depends on the selection.
  }

  dispose(): void {
    clearInterval(this.timer);
  }

  private addState(state: TrialState): void {
    const segment = h("i", { class: `twn-bar-${state}` });
    this.segments.set(state, segment);
    this.progress.append(segment);
    const chip = h("button", {
      class: "twn-chip",
      type: "button",
      "data-state": state,
      "aria-pressed": "false",
      onclick: () => this.context.model.toggleState(state),
    });
    chip.append(stateIcon(state), h("b", {}), h("span", {}, state));
    this.chipOf.set(state, chip);
    this.chips.append(chip);
  }

  private askToStop(): void {
    this.asked = true;
    this.context.model.send({ kind: "stop" });
    this.update();
  }

  private updateBadge(): void {
    const { search } = this.context.model.store;
    const [kind, text] = badgeOf(search, this.asked);
    setText(this.badge, text);
    this.badge.dataset["kind"] = kind;
  }

  private updateLinks(): void {
    const links = this.context.model.store.search.links ?? [];
    const wanted = JSON.stringify(links);
    if (this.links.dataset.shows === wanted) return;
    this.links.dataset.shows = wanted;
    this.links.replaceChildren(
      ...links.flatMap(({ text, url }) => {
        const href = safeUrl(url);
        const rel = { target: "_blank", rel: "noopener noreferrer" };
        return href === null ? [] : [h("a", { class: "twn-link", href, ...rel }, text, icon(LINK))];
      }),
    );
  }

  private updateProgress(): void {
    const { counts, expected } = this.context.model.store.search;
    const known = total(counts);
    const whole = Math.max(expected ?? known, known, 1);
    for (const state of TRIAL_STATES) {
      const segment = this.segments.get(state);
      if (segment === undefined) continue;
      segment.style.width = `${(100 * (counts[state] ?? 0)) / whole}%`;
      segment.hidden = (counts[state] ?? 0) === 0;
    }
    const ended = (counts.done ?? 0) + (counts.failed ?? 0) + (counts.stopped ?? 0);
    const text = `${ended.toLocaleString("en")} of ${counted(whole, "trial")} ended`;
    setAttribute(this.progress, "aria-label", text);
    setAttribute(this.progress, "aria-valuemax", String(whole));
    setAttribute(this.progress, "aria-valuenow", String(ended));
    setAttribute(this.progress, "title", text);
  }

  private updateChips(): void {
    const { model } = this.context;
    for (const [state, chip] of this.chipOf) {
      const count = model.store.search.counts[state] ?? 0;
      setText(chip.children[1] as HTMLElement, count.toLocaleString("en"));
      setAttribute(chip, "aria-pressed", String(model.states.has(state)));
      setAttribute(chip, "aria-label", `${count} ${state}: show only these`);
      chip.classList.toggle("twn-none", count === 0);
    }
  }

  private updateBest(): void {
    const { objectives } = this.context.model.store.search;
    const [first, second] = objectives;
    if (first === undefined) this.best.replaceChildren();
    else this.best.replaceChildren(...(second === undefined ? this.bestOf(first) : this.front()));
  }

  private bestOf({ metric }: Objective): HTMLElement[] {
    const { model } = this.context;
    const best = bestTrial([...model.store.trials.values()], (id) => model.goodnessOf(id));
    if (best === undefined) {
      return [h("span", { class: "twn-muted" }, `No ${metric} reported yet`)];
    }
    const value = best.last.get(metric);
    const shown = typeof value === "number" ? formatNumber(value, 5) : formatText(value);
    return [
      h("span", { class: "twn-muted" }, `Best ${metric}`),
      h("strong", { class: "twn-value" }, shown),
      this.link(best),
    ];
  }

  private front(): HTMLElement[] {
    const { model } = this.context;
    const onFront = [...model.store.trials.values()].filter((trial) => trial.front === true);
    const names = model.store.search.objectives.map((o) => `${o.metric} (${o.mode})`).join(", ");
    const text = [
      h("strong", { class: "twn-value" }, String(onFront.length)),
      h("span", { class: "twn-muted" }, `on the Pareto front of ${names}`),
    ];
    if (onFront.length === 0) return text;
    const select = (): void => model.select(onFront.map((trial) => trial.id));
    return [
      ...text,
      h("button", { class: "twn-link", type: "button", onclick: select }, "Select them"),
    ];
  }

  private link(trial: Trial): HTMLElement {
    const open = (): void => this.reveal(trial.id);
    return h(
      "button",
      { class: "twn-link", type: "button", title: trial.name, onclick: open },
      trial.name,
    );
  }

  private tick(): void {
    const { started, ended, now } = this.context.model.store.search;
    const since = this.live && ended === null ? (Date.now() - this.receivedAt) / 1000 : 0;
    const text = started === null ? "" : formatDuration((ended ?? now) - started + since);
    setText(this.elapsed, text);
  }
}

function noteOf(note: string, dropped: number): string {
  if (dropped === 0) return note;
  const more = `Counted but not listed: ${counted(dropped, "more trial")}.`;
  return note === "" ? more : `${note} ${more}`;
}

function total(counts: Partial<Record<TrialState, number>>): number {
  return TRIAL_STATES.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
}

function badgeOf(
  search: {
    ended: number | null;
    stopping: boolean;
    started: number | null;
    error: string | null;
    counts: Partial<Record<TrialState, number>>;
  },
  asked: boolean,
): [kind: string, text: string] {
  if (search.error !== null) return ["failed", "Failed"];
  if (search.ended !== null) {
    return (search.counts.stopped ?? 0) > 0 ? ["stopped", "Stopped"] : ["done", "Finished"];
  }
  if (search.stopping || asked) return ["stopped", "Stopping"];
  return search.started === null ? ["pending", "Not started"] : ["running", "Running"];
}

function bestTrial(
  trials: readonly Trial[],
  goodness: (id: string) => number | undefined,
): Trial | undefined {
  let best: Trial | undefined;
  let value = -1;
  for (const trial of trials) {
    const candidate = goodness(trial.id) ?? -1;
    if (candidate > value) [best, value] = [trial, candidate];
  }
  return best;
}
