import type { Context, Part } from "../ui/context";
import { freshId, h, setAttribute } from "../ui/dom";

/** A kind of chart that a slot can show. */
export interface ChartKind {
  key: string;
  title: () => string;
  available: () => boolean;
  create: () => Part;
}

/** A place for one chart at a time, with a tab for each kind; a chart is made when it is first seen. */
export class ChartSlot implements Part {
  readonly element: HTMLElement;
  private readonly tabs = h("div", { class: "twn-tabs", role: "tablist", "aria-label": "Charts" });
  private readonly panel = h("div", { class: "twn-slot-panel", role: "tabpanel", id: freshId() });
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly charts = new Map<string, Part>();
  private readonly stale = new Set<string>();
  private inSight = true;
  private active: string;
  private chosen = false;

  constructor(
    private readonly context: Context,
    private readonly kinds: readonly ChartKind[],
    /** What is shown until somebody chooses. */
    private readonly preferred: () => string,
  ) {
    this.active = preferred();
    for (const kind of kinds) this.addTab(kind);
    this.tabs.addEventListener("keydown", (event) => this.onKey(event));
    this.element = h("section", { class: "twn-slot" }, this.tabs, this.panel);
  }

  /** Shows a kind of chart. */
  open(key: string): void {
    this.active = key;
    this.chosen = true;
    this.show();
  }

  /** A slot for which there is no room draws nothing. */
  setInSight(inSight: boolean): void {
    if (this.inSight === inSight) return;
    this.inSight = inSight;
    this.show();
  }

  update(): void {
    for (const key of this.charts.keys()) this.stale.add(key);
    this.show();
  }

  highlight(): void {
    this.titles();
    if (this.inSight && !this.stale.has(this.active)) this.charts.get(this.active)?.highlight();
  }

  dispose(): void {
    for (const chart of this.charts.values()) chart.dispose?.();
  }

  private addTab(kind: ChartKind): void {
    const button = h("button", {
      type: "button",
      role: "tab",
      id: freshId(),
      "aria-controls": this.panel.id,
      onclick: () => this.open(kind.key),
    });
    this.buttons.set(kind.key, button);
    this.tabs.append(button);
  }

  private titles(): void {
    for (const kind of this.kinds) {
      const button = this.buttons.get(kind.key);
      if (button === undefined) continue;
      if (button.textContent !== kind.title()) button.textContent = kind.title();
      button.hidden = !kind.available() && kind.key !== this.active;
    }
  }

  private show(): void {
    if (!this.chosen) this.active = this.preferred();
    this.titles();
    const first = this.kinds.find((kind) => kind.available());
    const wanted = this.kinds.find((kind) => kind.key === this.active);
    if (
      wanted !== undefined &&
      !wanted.available() &&
      first !== undefined &&
      this.context.model.store.filled
    ) {
      this.active = first.key;
      this.titles();
    }
    for (const [key, button] of this.buttons) {
      const chosen = key === this.active;
      setAttribute(button, "aria-selected", String(chosen));
      setAttribute(button, "tabindex", chosen ? "0" : "-1");
      if (chosen) setAttribute(this.panel, "aria-labelledby", button.id);
    }
    if (this.inSight) this.drawActive();
  }

  private drawActive(): void {
    const kind = this.kinds.find(({ key }) => key === this.active);
    if (kind === undefined) return;
    const known = this.charts.get(kind.key);
    const chart = known ?? kind.create();
    this.charts.set(kind.key, chart);
    if (chart.element.parentElement !== this.panel) this.panel.replaceChildren(chart.element);
    if (known === undefined || this.stale.has(kind.key)) {
      this.stale.delete(kind.key);
      chart.update();
    } else chart.highlight();
  }

  private onKey(event: KeyboardEvent): void {
    const step = new Map([
      ["ArrowRight", 1],
      ["ArrowLeft", -1],
    ]).get(event.key);
    if (step === undefined) return;
    const open = this.kinds.filter((kind) => !this.buttons.get(kind.key)?.hidden);
    const now = open.findIndex((kind) => kind.key === this.active);
    const next = open[(now + step + open.length) % open.length];
    if (next === undefined) return;
    this.open(next.key);
    this.buttons.get(next.key)?.focus();
    event.preventDefault();
  }
}
