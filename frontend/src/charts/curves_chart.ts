import { formatDuration, formatNumber } from "../data/numbers";
import type { Context } from "../view/context";
import { h } from "../view/dom";
import { checkbox, Menu, select } from "../view/menu";
import { CanvasChart, type Hit, type Point } from "./canvas_chart";
import {
  buildPanel,
  type CurveLine,
  type CurveOptions,
  ITERATION_X,
  nearestPoint,
  type Panel,
  project,
  TIME_X,
  trace,
} from "./curve_lines";
import {
  clip,
  drawXAxis,
  drawYAxis,
  type Frame,
  font,
  haloText,
  labelWidth,
  noteAt,
  noteInside,
  SMALL,
} from "./frame";
import { legend } from "./legend";

const REACH = 28;
const MOST_PANELS = 4;
/** Hovered or selected lines over this many are drawn thin. */
const FEW = 30;
const MOST_NAMED = 6;

/** Metrics over the course of every trial. */
export class CurvesChart extends CanvasChart {
  private panels: Panel[] = [];
  private chosen: string[] | null = null;
  private options: CurveOptions = {
    x: ITERATION_X,
    logX: false,
    logY: false,
    outliers: false,
    best: true,
    smoothing: 0,
  };
  private shownControls = "";

  constructor(context: Context) {
    super(context, "Curves of the metrics of every trial");
  }

  protected override updateControls(): void {
    const { metrics, columns } = this.context.model.store.search;
    const known = this.context.model.store.curveNames();
    const xs = [ITERATION_X, TIME_X, ...columns.filter((name) => known.has(name))];
    const wanted = JSON.stringify([metrics, xs, this.metrics()]);
    if (wanted === this.shownControls) return;
    this.shownControls = wanted;
    this.controls.replaceChildren(
      this.metricMenu().element,
      this.xSelect(xs),
      this.viewMenu().element,
      legend(this.context) ?? "",
    );
  }

  private metrics(): string[] {
    const { metrics, objectives } = this.context.model.store.search;
    const tuned = objectives.map((o) => o.metric);
    const chosen = this.chosen?.filter((name) => metrics.includes(name) || tuned.includes(name));
    if (chosen?.length) return chosen;
    return tuned.length > 0 ? tuned.slice(0, 2) : metrics.slice(0, 1);
  }

  private metricMenu(): Menu {
    const names = this.metrics().join(", ") || "Metrics";
    const button = h(
      "button",
      { class: "twn-button twn-choose", type: "button", title: `Metrics: ${names}` },
      h("span", {}, names),
    );
    return new Menu(button, "Metrics", (panel) => {
      for (const name of this.context.model.store.search.metrics) {
        panel.append(checkbox(name, this.metrics().includes(name), (on) => this.choose(name, on)));
      }
    });
  }

  private choose(name: string, on: boolean): void {
    const others = this.metrics().filter((other) => other !== name);
    this.chosen = on ? [...others, name].slice(-MOST_PANELS) : others;
    this.draw();
    const button = this.controls.querySelector(".twn-choose span");
    if (button !== null) button.textContent = this.metrics().join(", ");
  }

  private xSelect(xs: readonly string[]): HTMLElement {
    const choices = xs.map((x) => ({ value: x, text: `over ${x}` }));
    return select("x axis", choices, this.options.x, (x) => this.set({ x }));
  }

  private viewMenu(): Menu {
    const button = h("button", { class: "twn-button", type: "button" }, "View");
    return new Menu(button, "How the curves are drawn", (panel) => {
      const { options } = this;
      panel.append(
        checkbox("log y axis", options.logY, (logY) => this.set({ logY })),
        checkbox("log x axis", options.logX, (logX) => this.set({ logX })),
        checkbox("best so far", options.best, (best) => this.set({ best })),
        checkbox("outliers in sight", options.outliers, (outliers) => this.set({ outliers })),
        this.smoothing(),
      );
    });
  }

  private smoothing(): HTMLElement {
    const input = h("input", { type: "range", min: 0, max: 0.98, step: 0.02 });
    input.value = String(this.options.smoothing);
    input.addEventListener("input", () => this.set({ smoothing: Number(input.value) }));
    return h("label", { class: "twn-check" }, "smoothing", input);
  }

  private set(change: Partial<CurveOptions>): void {
    this.options = { ...this.options, ...change };
    this.draw();
  }

  protected override drawAll(): void {
    const { model, palette } = this.context;
    const axes = this.surface.clear("axes");
    const marks = this.surface.clear("marks");
    const metrics = this.metrics();
    this.panels = frames(this.surface.width, this.surface.height, metrics.length).map((frame, i) =>
      buildPanel(model.store, model.shown, metrics[i] as string, frame, this.options),
    );
    if (this.panels.every((panel) => panel.lines.length === 0)) {
      noteInside(axes, palette, this.surface.width, this.surface.height, "Nothing reported yet");
      this.panels = [];
      return;
    }
    this.align(axes);
    for (const panel of this.panels) this.drawAxes(axes, panel);
    const lines = this.panels.flatMap((panel) => panel.lines.map((line) => ({ line, panel })));
    // The best trials come last, and so on top.
    const order = (id: string): number => model.goodnessOf(id) ?? -1;
    lines.sort((a, b) => order(a.line.trial.id) - order(b.line.trial.id));
    const [width, alpha] = strength(lines.length / this.panels.length);
    this.surface.paint("marks", lines.length, (i) => {
      const { line, panel } = lines[i] as (typeof lines)[number];
      marks.save();
      clip(marks, panel.frame);
      marks.globalAlpha = alpha;
      strokeLine(marks, line, this.context.scaleColor(line.trial.id), width);
      marks.restore();
    });
  }

  /** All panels get the same left edge, wide enough for the labels of each. */
  private align(axes: CanvasRenderingContext2D): void {
    const { palette } = this.context;
    const left = 16 + Math.max(...this.panels.map((panel) => labelWidth(axes, palette, panel.y)));
    this.panels = project(this.panels, left, this.options.logX);
  }

  private drawAxes(axes: CanvasRenderingContext2D, panel: Panel): void {
    const { palette } = this.context;
    if (panel.lines.length === 0) {
      noteAt(axes, palette, panel.frame, `No ${panel.metric} reported yet`);
      return;
    }
    drawYAxis(axes, palette, panel.frame, panel.y, panel.metric);
    const last = panel === this.panels[this.panels.length - 1];
    const title = this.options.x === TIME_X ? "time in seconds" : this.options.x;
    drawXAxis(axes, palette, panel.frame, panel.x, last ? title : "");
    if (!panel.cut) return;
    axes.font = font(palette);
    axes.textAlign = "right";
    axes.textBaseline = "bottom";
    axes.fillStyle = palette.muted;
    axes.fillText("outliers are out of sight", panel.frame.right, panel.frame.top - 7);
  }

  protected override drawPicked(picked: CanvasRenderingContext2D): void {
    const lines = this.panels.flatMap((panel) =>
      this.pickedOf(panel).map((line) => ({ line, panel })),
    );
    const width = lines.length > FEW ? 1 : 2;
    this.surface.paint("picked", lines.length, (i) => {
      const { line, panel } = lines[i] as (typeof lines)[number];
      picked.save();
      clip(picked, panel.frame);
      strokeLine(picked, line, this.context.color(line.trial.id), width);
      picked.restore();
    });
  }

  private pickedOf(panel: Panel): CurveLine[] {
    const { model } = this.context;
    return panel.lines.filter((line) => model.isSelected(line.trial.id));
  }

  protected override drawOver(over: CanvasRenderingContext2D): void {
    const { model } = this.context;
    for (const panel of this.panels) {
      over.save();
      clip(over, panel.frame);
      this.drawBest(over, panel);
      const hovered = panel.lines.find((line) => line.trial.id === model.hovered);
      if (hovered) this.drawHovered(over, hovered);
      over.restore();
      const named = model.selected.length <= MOST_NAMED ? this.pickedOf(panel) : [];
      this.label(over, hovered ? [hovered] : named, panel);
    }
  }

  private drawHovered(over: CanvasRenderingContext2D, line: CurveLine): void {
    const { palette } = this.context;
    strokeLine(over, line, palette.surface, 5);
    strokeLine(over, line, this.context.pickedColor(line.trial.id) ?? palette.accent, 2.5);
  }

  /** A staircase: the best value so far stays the best until there is a better one. */
  private drawBest(over: CanvasRenderingContext2D, { best, x, y }: Panel): void {
    if (best === null) return;
    over.beginPath();
    let before: number | null = null;
    for (let i = 0; i < best.x.length; i++) {
      const [px, py] = [x.at(best.x[i]), y.at(best.y[i])];
      if (px === null || py === null) continue;
      if (before === null) over.moveTo(px, py);
      else {
        over.lineTo(px, before);
        over.lineTo(px, py);
      }
      before = py;
    }
    over.strokeStyle = this.context.palette.text;
    over.globalAlpha = 0.65;
    over.lineWidth = 1.25;
    over.setLineDash([4, 3]);
    over.stroke();
    over.setLineDash([]);
    over.globalAlpha = 1;
  }

  private label(over: CanvasRenderingContext2D, lines: readonly CurveLine[], panel: Panel): void {
    const { palette } = this.context;
    over.font = font(palette, SMALL, "600");
    over.textBaseline = "middle";
    over.textAlign = "right";
    let free = Number.NEGATIVE_INFINITY;
    const ends = lines.map((line) => ({ line, ...endOf(line) })).sort((a, b) => a.y - b.y);
    for (const { line, x, y } of ends) {
      if (Number.isNaN(x) || y < panel.frame.top - 4 || y > panel.frame.bottom + 4) continue;
      const color = this.context.pickedColor(line.trial.id) ?? palette.accent;
      over.fillStyle = color;
      over.beginPath();
      over.arc(x, y, 3.5, 0, 7);
      over.fill();
      const at = Math.max(y - 9, free);
      free = at + 13;
      haloText(
        over,
        palette,
        line.trial.name.slice(0, 40),
        Math.max(x - 5, panel.frame.left + 60),
        at,
      );
    }
  }

  protected override hit(point: Point): Hit | null {
    const panel = this.panels.find(
      (p) => point.y >= p.frame.top - 14 && point.y <= p.frame.bottom + 14,
    );
    if (panel === undefined) return null;
    const found = nearestPoint(panel.lines, point.x, point.y, REACH);
    if (found === null) return null;
    const { line, index } = found;
    const x = line.x[index] as number;
    const y = line.y[index] as number;
    return {
      id: line.trial.id,
      lines: [
        [panel.metric, formatNumber(y, 5)],
        [this.options.x, this.options.x === TIME_X ? formatDuration(x) : formatNumber(x)],
      ],
    };
  }
}

function frames(width: number, height: number, count: number): Frame[] {
  const [top, gap, foot] = [24, 44, 38];
  const each = (height - top - foot - gap * (count - 1)) / Math.max(count, 1);
  return Array.from({ length: count }, (_, i) => {
    const start = top + i * (each + gap);
    return { left: 56, right: width - 16, top: start, bottom: start + Math.max(each, 10) };
  });
}

/** The more lines there are, the lighter each of them is. */
function strength(count: number): [width: number, alpha: number] {
  if (count <= 12) return [1.75, 0.95];
  if (count <= 60) return [1.4, 0.8];
  if (count <= 400) return [1.1, 0.55];
  return count <= 2000 ? [1, 0.3] : [1, 0.16];
}

function strokeLine(
  context: CanvasRenderingContext2D,
  line: CurveLine,
  color: string,
  width: number,
): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  trace(context, line);
  context.stroke();
  if (line.px.length > 1) return;
  context.fillStyle = color;
  context.beginPath();
  context.arc(line.px[0] as number, line.py[0] as number, width + 1.5, 0, 7);
  context.fill();
}

function endOf(line: CurveLine): { x: number; y: number } {
  for (let i = line.px.length - 1; i >= 0; i--) {
    const [x, y] = [line.px[i] as number, line.py[i] as number];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return { x, y };
  }
  return { x: Number.NaN, y: Number.NaN };
}
