import { counted } from "../data/numbers";
import type { Trial } from "../data/store";
import { clamp } from "../data/values";
import type { Context, Part } from "../ui/context";
import { freshId, h, setAttribute } from "../ui/dom";
import { ColumnWidths } from "./column_widths";
import { Details } from "./details";
import { Row, type ShownColumn } from "./row";
import { TableHead } from "./table_head";

export const ROW_HEIGHT = 30;
const HEAD_HEIGHT = 32;
const MARK_WIDTH = 30;
/** Rows that are drawn above and below what is seen. */
const SPARE = 6;

/** All trials; only the rows in sight are elements. */
export class TrialTable implements Part {
  readonly element: HTMLElement;
  private readonly body = h("div", { class: "twn-body", role: "rowgroup" });
  private readonly empty = h("div", { class: "twn-empty" });
  private readonly head: TableHead;
  private readonly details: Details;
  private readonly widths = new ColumnWidths();
  private readonly prefix = freshId();
  private rows: Row[] = [];
  private columns: ShownColumn[] = [];
  private readonly position = new Map<string, number>();
  private activeId: string | null = null;
  private openId: string | null = null;
  private anchor: number | null = null;
  private frame = 0;
  private readonly observer = new ResizeObserver(() => this.draw());

  constructor(private readonly context: Context) {
    this.head = new TableHead(context);
    this.details = new Details(context, () => this.toggleOpen(this.openId));
    this.element = h("div", {
      class: "twn-table",
      role: "grid",
      tabindex: 0,
      "aria-label": "Trials",
      "aria-multiselectable": "true",
    });
    this.element.append(this.head.element, this.body, this.empty);
    this.observer.observe(this.element);
    this.observer.observe(this.details.element);
    this.listen();
  }

  update(): void {
    const { model, palette } = this.context;
    const before = this.screenTop(this.openId);
    this.position.clear();
    model.shown.forEach((trial, i) => {
      this.position.set(trial.id, i);
    });
    const columns = model.columns.filter((column) => !model.isHidden(column));
    this.columns = this.widths.measure(columns, model.shown, `13px ${palette.font}`);
    const widths = this.columns.map(({ width }) => `${width}px`).join(" ");
    this.element.style.setProperty("--twn-columns", `${MARK_WIDTH}px ${widths} 1fr`);
    const sum = this.columns.reduce((all, { width }) => all + width, MARK_WIDTH);
    this.element.style.setProperty("--twn-width", `${sum}px`);
    this.head.update(this.columns);
    setAttribute(this.element, "aria-rowcount", String(model.shown.length + 1));
    setAttribute(this.element, "aria-colcount", String(columns.length + 1));
    this.updateOpen();
    this.updateEmpty();
    const after = this.screenTop(this.openId);
    // The open trial stays where it is on the screen when better ones move past it.
    if (before !== null && after !== null) this.element.scrollTop += after - before;
    this.draw();
  }

  highlight(): void {
    for (const row of this.rows) {
      const id = row.trial?.id;
      row.paint(this.context, id === this.activeId, id === this.openId);
    }
  }

  /** Scrolls to a trial and makes it the active one. */
  reveal(id: string): void {
    const index = this.position.get(id);
    if (index === undefined) return;
    this.activeId = id;
    const top = this.top(index);
    const seen = this.element.clientHeight - HEAD_HEIGHT;
    const { scrollTop } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + seen) this.element.scrollTop = top + ROW_HEIGHT - seen;
    this.draw();
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
  }

  private listen(): void {
    const { model } = this.context;
    this.element.addEventListener("scroll", () => this.drawSoon(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.body.addEventListener("click", (event) => this.onClick(event));
    this.body.addEventListener("mouseover", (event) => model.hover(idAt(event)));
    this.body.addEventListener("mouseleave", () => model.hover(null));
  }

  private drawSoon(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private top(index: number): number {
    const open = this.openId === null ? undefined : this.position.get(this.openId);
    return index * ROW_HEIGHT + (open !== undefined && index > open ? this.details.height : 0);
  }

  private screenTop(id: string | null): number | null {
    const index = id === null ? undefined : this.position.get(id);
    return index === undefined ? null : this.top(index);
  }

  private draw(): void {
    const { shown } = this.context.model;
    const openAt = this.screenTop(this.openId);
    const extra = openAt === null ? 0 : this.details.height;
    this.body.style.height = `${shown.length * ROW_HEIGHT + extra}px`;
    if (openAt !== null) this.details.place(openAt + ROW_HEIGHT, this.element.clientWidth);
    const { scrollTop, clientHeight } = this.element;
    const first = clamp(this.indexAt(scrollTop) - SPARE, 0, shown.length);
    const last = clamp(this.indexAt(scrollTop + clientHeight) + SPARE, 0, shown.length);
    this.grow(last - first);
    // A trial keeps its element while it is in sight: row i is always element i modulo their number.
    const used = new Set<Row>();
    for (let i = first; i < last; i++) {
      const row = this.rows[i % this.rows.length] as Row;
      row.show(shown[i] as Trial, i, this.columns);
      row.place(this.top(i));
      if (row.element.hidden) row.element.hidden = false;
      used.add(row);
    }
    for (const row of this.rows) if (!used.has(row)) hide(row);
    const active = this.rows.find((row) => row.trial !== null && row.trial.id === this.activeId);
    setAttribute(this.element, "aria-activedescendant", active?.element.id ?? null);
    this.highlight();
  }

  private indexAt(offset: number): number {
    const open = this.openId === null ? undefined : this.position.get(this.openId);
    const plain = Math.floor(offset / ROW_HEIGHT);
    if (open === undefined || plain <= open) return plain;
    return Math.max(Math.floor((offset - this.details.height) / ROW_HEIGHT), open);
  }

  private grow(count: number): void {
    if (count <= this.rows.length) return;
    while (this.rows.length < count) {
      const row = new Row(`${this.prefix}-${this.rows.length}`);
      this.rows.push(row);
      this.body.append(row.element);
    }
  }

  private updateOpen(): void {
    const trial = this.context.model.trial(this.openId);
    if (trial === undefined || !this.position.has(trial.id)) {
      this.openId = null;
      this.details.element.remove();
      return;
    }
    this.details.show(trial);
    if (!this.details.element.isConnected) this.body.append(this.details.element);
  }

  private updateEmpty(): void {
    const { model } = this.context;
    this.empty.hidden = model.shown.length > 0;
    if (!this.empty.hidden) this.empty.replaceChildren(...emptyState(this.context));
  }

  private toggleOpen(id: string | null): void {
    this.openId = this.openId === id ? null : id;
    this.updateOpen();
    this.draw();
  }

  private onClick(event: MouseEvent): void {
    const target = event.target as Element;
    const id = idAt(event);
    if (id === null || target.closest(".twn-details") !== null) return;
    const { model } = this.context;
    if (event.shiftKey) this.selectRange(id);
    else if (target.closest(".twn-mark") || event.ctrlKey || event.metaKey) {
      model.toggleSelected(id);
      this.anchor = this.position.get(id) ?? null;
    } else if (getSelection()?.isCollapsed !== false) this.toggleOpen(id);
    this.activeId = id;
    this.draw();
  }

  private selectRange(id: string): void {
    const { model } = this.context;
    const end = this.position.get(id) ?? 0;
    const start = this.anchor ?? end;
    const [low, high] = [Math.min(start, end), Math.max(start, end)];
    model.select([...model.selected, ...model.shown.slice(low, high + 1).map((t) => t.id)]);
    getSelection()?.removeAllRanges();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.target !== this.element) return;
    const { model } = this.context;
    const page = Math.max(Math.floor((this.element.clientHeight - HEAD_HEIGHT) / ROW_HEIGHT), 1);
    const steps = new Map([
      ["ArrowDown", 1],
      ["ArrowUp", -1],
      ["PageDown", page],
      ["PageUp", -page],
      ["Home", -model.shown.length],
      ["End", model.shown.length],
    ]);
    const step = steps.get(event.key);
    if (step !== undefined) this.move(step, event.shiftKey);
    else if (event.key === "Enter" && this.activeId !== null) this.toggleOpen(this.activeId);
    else if (event.key === " " && this.activeId !== null) model.toggleSelected(this.activeId);
    else if (event.key === "Escape") model.select([]);
    else return;
    event.preventDefault();
  }

  private move(step: number, extend: boolean): void {
    const { model } = this.context;
    const now = this.activeId === null ? undefined : this.position.get(this.activeId);
    const start = now ?? (step > 0 ? -1 : model.shown.length);
    const trial = model.shown[clamp(start + step, 0, model.shown.length - 1)];
    if (trial === undefined) return;
    this.reveal(trial.id);
    model.hover(trial.id);
    if (extend) model.select([...model.selected, trial.id]);
  }
}

function hide(row: Row): void {
  row.element.hidden = true;
  row.trial = null;
  row.index = -1;
}

function idAt(event: Event): string | null {
  const row = (event.target as Element).closest<HTMLElement>("[data-id]");
  return row?.dataset["id"] ?? null;
}

function emptyState({ model }: Context): (HTMLElement | string)[] {
  if (!model.store.filled) return [h("p", {}, "Waiting for the search…")];
  if (model.store.trials.size === 0) {
    return [
      h("p", { class: "twn-empty-title" }, "No trials yet"),
      h("p", {}, "Trials appear here as soon as Tune has made the first one."),
    ];
  }
  const clear = h(
    "button",
    { class: "twn-button", type: "button", onclick: () => model.clearFilter() },
    "Clear the filter",
  );
  return [
    h("p", { class: "twn-empty-title" }, "No trial passes the filter"),
    h("p", {}, `${counted(model.store.trials.size, "trial")} in all.`),
    clear,
  ];
}
