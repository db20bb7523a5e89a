import type { Buffer } from "../data/curves";
import type { StateMessage } from "../protocol";
import type { Model } from "../state/model";
import { Toolbar } from "../table/toolbar";
import { ROW_HEIGHT, TrialTable } from "../table/trial_table";
import { Context, type Part } from "../ui/context";
import { h, setAttribute } from "../ui/dom";
import { detectTheme, readPalette, type ThemeName, watchTheme } from "../ui/theme";
import { chartKinds, preferredKind } from "./chart_kinds";
import { ChartSlot } from "./chart_slot";
import { StatusBar } from "./status_bar";

export interface Options {
  theme?: ThemeName | null;
  height?: number | null;
}

/** From this width on the table and the charts are side by side, and there are two charts. */
const SIDE_BY_SIDE = 1040;
/** Milliseconds per trial between two times at which news redraw the charts. */
const PER_TRIAL = 0.5;
const [FEWEST_ROWS, MOST_ROWS] = [5, 11];

/** The whole page: status, table, charts. */
export class Dashboard {
  readonly element = h("div", { class: "twn" });
  private readonly context: Context;
  private readonly parts: Part[];
  private readonly table: TrialTable;
  private readonly slots: [ChartSlot, ChartSlot];
  private readonly tablePane: HTMLElement;
  private readonly cleanup: (() => void)[] = [];
  private options: Options;
  private chartsAt = Number.NEGATIVE_INFINITY;
  private chartTimer: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;

  constructor(
    private readonly model: Model,
    live: boolean,
    options: Options = {},
  ) {
    this.options = options;
    this.context = new Context(model, readPalette(this.element, false));
    const status = new StatusBar(this.context, live, (id) => this.reveal(id));
    const toolbar = new Toolbar(this.context, () => this.openChart("compare"));
    this.table = new TrialTable(this.context);
    this.context.openChart = (kind, xKey) => this.openChart(kind, xKey);
    const kinds = chartKinds(this.context);
    const slot = (key: () => string): ChartSlot => new ChartSlot(this.context, kinds, key);
    this.slots = [slot(() => "curves"), slot(() => preferredKind(this.context))];
    this.tablePane = h("section", { class: "twn-table-pane" }, toolbar.element, this.table.element);
    const charts = h("div", { class: "twn-charts" }, ...this.slots.map((s) => s.element));
    this.element.append(status.element, h("div", { class: "twn-main" }, this.tablePane, charts));
    // Notebooks have commands on single keys, such as one that deletes the cell.
    this.element.setAttribute("data-lm-suppress-shortcuts", "true");
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
    this.parts = [status, toolbar, this.table, ...this.slots];
    this.follow();
  }

  /** Called when the element has its parent; it has a theme and a size once it is in the page. */
  start(): void {
    // A notebook puts the element into its page only after this call, and colours are read there.
    const observer = new ResizeObserver(() => {
      this.updateTheme();
      this.layOut();
    });
    observer.observe(this.element);
    this.cleanup.push(
      () => observer.disconnect(),
      watchTheme(() => this.updateTheme()),
    );
    this.updateTheme();
    this.layOut();
  }

  apply(message: StateMessage, buffers: readonly Buffer[] = []): void {
    this.element.querySelector(".twn-failed")?.remove();
    this.model.apply(message, buffers);
  }

  /** Says why there is nothing to show. */
  fail(text: string): void {
    this.element.querySelector(".twn-failed")?.remove();
    this.element.prepend(h("p", { class: "twn-error twn-failed", role: "alert" }, text));
  }

  setOptions(options: Options): void {
    this.options = options;
    this.layOut();
    this.updateTheme();
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.chartTimer);
    for (const undo of this.cleanup) undo();
    for (const part of this.parts) part.dispose?.();
  }

  private follow(): void {
    const update = (): void => {
      this.setRows();
      for (const part of this.parts) part.update();
    };
    const updateTable = (): void => {
      this.setRows();
      for (const part of this.parts) if (!(part instanceof ChartSlot)) part.update();
    };
    const updateByNews = (): void => {
      updateTable();
      this.updateChartsSoon();
    };
    const highlight = (): void => {
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => {
        for (const part of this.parts) part.highlight();
      });
    };
    this.cleanup.push(
      this.model.on(["data"], updateByNews),
      this.model.on(["view", "theme"], update),
      this.model.on(["columns"], updateTable),
      this.model.on(["hover"], highlight),
      this.model.on(["selection"], () => {
        highlight();
        this.revealSelected();
      }),
    );
  }

  /** News of many trials come more often than their marks can be drawn. */
  private updateChartsSoon(): void {
    if (this.chartTimer !== undefined) return;
    const due = this.chartsAt + PER_TRIAL * this.model.store.trials.size;
    const draw = (): void => {
      this.chartTimer = undefined;
      this.chartsAt = performance.now();
      for (const slot of this.slots) slot.update();
    };
    const wait = due - performance.now();
    if (wait <= 0) draw();
    else this.chartTimer = setTimeout(draw, wait);
  }

  /** A selection made in a chart is in sight in the table. */
  private revealSelected(): void {
    const last = this.model.selected[this.model.selected.length - 1];
    if (last !== undefined && !this.tablePane.matches(":hover")) this.table.reveal(last);
  }

  private reveal(id: string): void {
    if (!this.model.shown.some((trial) => trial.id === id)) this.model.clearFilter();
    this.table.reveal(id);
    if (!this.model.selected.includes(id)) this.model.select([...this.model.selected, id]);
  }

  /** Where there are two slots, in the lower one: the curves stay in sight. */
  private openChart(kind: string, xKey?: string): void {
    this.context.scatterX = xKey ?? null;
    const wide = this.element.classList.contains("twn-wide");
    const slot = wide ? this.slots[1] : this.slots[0];
    slot.open(kind);
    if (xKey !== undefined) slot.update();
  }

  private updateTheme(): void {
    const theme = this.options.theme ?? detectTheme(this.element.parentElement ?? this.element);
    this.element.classList.toggle("twn-dark", theme === "dark");
    const palette = readPalette(this.element, theme === "dark");
    if (JSON.stringify(palette) === JSON.stringify(this.context.palette)) return;
    this.context.palette = palette;
    this.model.emit("theme");
  }

  private layOut(): void {
    const wide = this.element.clientWidth >= SIDE_BY_SIDE;
    this.element.classList.toggle("twn-wide", wide);
    const { height } = this.options;
    this.element.style.setProperty("--twn-height", `${height ?? 720}px`);
    this.slots[1].setInSight(wide);
    setAttribute(this.slots[1].element, "hidden", wide ? null : "");
  }

  /** One above the other, the table is as high as the trials that are expected: it never jumps. */
  private setRows(): void {
    const { search, trials } = this.model.store;
    const rows = Math.max(search.expected ?? 0, trials.size);
    const shown = Math.min(Math.max(rows, FEWEST_ROWS), MOST_ROWS);
    this.element.style.setProperty("--twn-rows", `${shown * ROW_HEIGHT + 50}px`);
  }
}
