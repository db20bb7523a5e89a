import { formatDuration, formatNumber } from "../data/numbers";
import { bestLast, CanvasChart, type Hit, type Point } from "../plot/canvas_chart";
import {
  clip,
  drawXAxis,
  drawYAxis,
  font,
  haloText,
  labelWidth,
  noteAt,
  noteInside,
  SMALL,
} from "../plot/frame";
import { legend, legendState } from "../plot/legend";
import type { Context } from "../ui/context";
import { h } from "../ui/dom";
import { checkbox, Menu, select } from "../ui/menu";
import { drawBest, endOf, frames, strength, strokeLine } from "./curve_drawing";
import {
  buildPanel,
  type CurveLine,
  type CurveOptions,
  ITERATION_X,
  nearestPoint,
  type Panel,
  project,
  TIME_X,
} from "./curve_lines";

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
    const wanted = JSON.stringify([[metrics, xs, this.metrics()], legendState(this.context)]);
    if (wanted === this.shownControls) return;
    this.shownControls = wanted;
    this.controls.replaceChildren(
      this.metricMenu().element,
      this.xSelect(xs),
      this.viewMenu().element,
      legend(this.context),
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
        checkbox("show outliers", options.outliers, (outliers) => this.set({ outliers })),
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
    const ordered = bestLast(lines, ({ line }) => model.goodnessOf(line.trial.id));
    const [width, alpha] = strength(lines.length / this.panels.length);
    this.drawMarks(ordered.length, (i) => {
      const { line, panel } = ordered[i] as (typeof lines)[number];
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
    this.panels = project(this.panels, left, this.options);
  }

  private drawAxes(axes: CanvasRenderingContext2D, panel: Panel): void {
    const { palette } = this.context;
    if (panel.lines.length === 0) {
      noteAt(axes, palette, panel.frame, `No curve of ${panel.metric} yet`);
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
    axes.fillText("without outliers", panel.frame.right, panel.frame.top - 7);
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
      drawBest(over, this.context.palette, panel);
      const hovered = panel.lines.find((line) => line.trial.id === model.hovered);
      if (hovered) this.drawHovered(over, hovered);
      over.restore();
      const named = model.selected.length <= MOST_NAMED ? this.pickedOf(panel) : [];
      const single = hovered && !this.hasTip ? [hovered] : [];
      this.label(over, hovered ? single : named, panel);
    }
  }

  private drawHovered(over: CanvasRenderingContext2D, line: CurveLine): void {
    const { palette } = this.context;
    strokeLine(over, line, palette.surface, 5);
    strokeLine(over, line, this.context.pickedColor(line.trial.id) ?? palette.accent, 2.5);
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
