import { FRONT, metricKey, NAME, paramKey, STATE } from "../data/columns";
import { paretoFront } from "../data/pareto";
import { bestLast, CanvasChart, type Hit, type Point } from "../plot/canvas_chart";
import { dimensionOf, scaleOf } from "../plot/dimension";
import { drawXAxis, drawYAxis, type Frame, labelWidth, noteInside } from "../plot/frame";
import { legend, legendState } from "../plot/legend";
import type { Context } from "../ui/context";
import { h } from "../ui/dom";
import { checkbox, Menu, select } from "../ui/menu";
import { type Axis, type Dot, dot, drawBox, place, reported, shown } from "./scatter_dots";

const REACH = 16;
/** Dots are drawn faster than lines: so many between two moments in which the page can answer. */
const DOTS = 2000;

/** Any column against any other, one dot per trial; with two tuned metrics, their Pareto front. */
export class ScatterChart extends CanvasChart {
  private xKey: string | null = null;
  private yKey: string | null = null;
  private readonly log = new Map<string, boolean>();
  private plot: Frame = { left: 0, right: 0, top: 0, bottom: 0 };
  private axes: { x: Axis; y: Axis } | null = null;
  private dots: Dot[] = [];
  private front: Dot[] = [];
  private box: [Point, Point] | null = null;
  private shownControls = "";

  constructor(context: Context) {
    super(context, "Scatter chart of the trials");
    this.surface.element.classList.add("twn-scatter");
  }

  override update(): void {
    if (this.context.scatterX !== null) this.xKey = this.context.scatterX;
    this.context.scatterX = null;
    super.update();
  }

  protected override updateControls(): void {
    const { model } = this.context;
    const columns = model.columns.filter(({ key }) => ![NAME, STATE, FRONT].includes(key));
    const wanted = JSON.stringify([
      [columns.map(({ key }) => key), this.keys()],
      legendState(this.context),
    ]);
    if (wanted === this.shownControls) return;
    this.shownControls = wanted;
    const choices = columns.map(({ key, title }) => ({ value: key, text: title }));
    const [x, y] = this.keys();
    this.controls.replaceChildren(
      select("y axis", choices, y, (key) => this.set({ y: key })),
      h("span", { class: "twn-muted" }, "against"),
      select("x axis", choices, x, (key) => this.set({ x: key })),
      this.viewMenu().element,
      legend(this.context),
    );
  }

  private viewMenu(): Menu {
    const button = h("button", { class: "twn-button", type: "button" }, "View");
    return new Menu(button, "How the chart is drawn", (panel) => {
      for (const [axis, key] of [
        ["y", this.keys()[1]],
        ["x", this.keys()[0]],
      ] as const) {
        const now = this.axes?.[axis].scale.kind === "log";
        panel.append(checkbox(`log ${axis} axis`, now, (on) => this.setLog(key, on)));
      }
    });
  }

  private set(keys: { x?: string; y?: string }): void {
    this.xKey = keys.x ?? this.xKey;
    this.yKey = keys.y ?? this.yKey;
    this.draw();
  }

  private setLog(key: string, on: boolean): void {
    this.log.set(key, on);
    this.draw();
  }

  /** With one tuned metric it is drawn against the most important hyperparameter. */
  private keys(): [x: string, y: string] {
    const { model } = this.context;
    const { objectives, importance, params, metrics } = model.store.search;
    const [first, second] = objectives.map(({ metric }) => metricKey(metric));
    const known = new Set(params.filter((p) => p.varies).map((p) => p.name));
    const important = importance.find(({ name }) => known.has(name))?.name ?? [...known][0];
    const x =
      second !== undefined ? first : important === undefined ? "iteration" : paramKey(important);
    const y = second ?? first ?? (metrics[0] === undefined ? "time" : metricKey(metrics[0]));
    const valid = (key: string | null): string | null =>
      key !== null && model.column(key) ? key : null;
    return [valid(this.xKey) ?? x ?? "iteration", valid(this.yKey) ?? y];
  }

  protected override drawAll(): void {
    const { palette } = this.context;
    const axes = this.surface.clear("axes");
    const marks = this.surface.clear("marks");
    this.dots = [];
    this.front = [];
    this.axes = this.buildAxes(axes);
    if (this.axes === null) {
      noteInside(
        axes,
        palette,
        this.surface.width,
        this.surface.height,
        "No trial has both values yet",
      );
      return;
    }
    const { x, y } = this.axes;
    drawYAxis(axes, palette, this.plot, y.scale, y.dimension.column.title);
    drawXAxis(axes, palette, this.plot, x.scale, x.dimension.column.title);
    this.front = this.findFront();
    this.drawFront(axes);
    const sorted = bestLast(this.dots, ({ trial }) => this.context.model.goodnessOf(trial.id));
    marks.globalAlpha = sorted.length > 2000 ? 0.45 : 0.85;
    const radius = sorted.length > 2000 ? 2.5 : sorted.length > 300 ? 3.5 : 4.5;
    this.drawMarks(
      sorted.length,
      (i) => {
        const one = sorted[i] as Dot;
        dot(marks, one, radius, this.context.scaleColor(one.trial.id));
      },
      DOTS,
    );
  }

  private buildAxes(context: CanvasRenderingContext2D): { x: Axis; y: Axis } | null {
    const { model, palette } = this.context;
    const [xKey, yKey] = this.keys();
    const [xColumn, yColumn] = [model.column(xKey), model.column(yKey)];
    if (xColumn === undefined || yColumn === undefined) return null;
    const x = dimensionOf(xColumn, model.shown);
    const y = dimensionOf(yColumn, model.shown);
    if (x === null || y === null) return null;
    const { width, height } = this.surface;
    const [top, bottom] = [26, height - 40];
    const ticks = Math.max(Math.round((bottom - top) / 44), 2);
    const yScale = scaleOf(
      y,
      model.shown,
      [bottom - 6, top + 4],
      ticks,
      this.log.get(yKey) ?? y.log,
    );
    const left = 18 + labelWidth(context, palette, yScale);
    this.plot = { left, top, right: width - 18, bottom };
    const room = Math.max(Math.round((width - left) / 90), 2);
    const xScale = scaleOf(
      x,
      model.shown,
      [left + 8, width - 26],
      room,
      this.log.get(xKey) ?? x.log,
    );
    const axes = { x: { dimension: x, scale: xScale }, y: { dimension: y, scale: yScale } };
    this.dots = place(model.shown, axes);
    return this.dots.length === 0 ? null : axes;
  }

  private findFront(): Dot[] {
    const { objectives } = this.context.model.store.search;
    const [x, y] = this.keys().map((key) => objectives.find((o) => metricKey(o.metric) === key));
    if (x === undefined || y === undefined || x === y) return [];
    const points = this.dots.map(({ trial }) => [reported(trial, x), reported(trial, y)] as const);
    return paretoFront(points, [x, y]).map((index) => this.dots[index] as Dot);
  }

  /** A staircase: what is on its other side is worse in both metrics. */
  private drawFront(context: CanvasRenderingContext2D): void {
    if (this.front.length === 0) return;
    const { palette, model } = this.context;
    const minimizes = (key: string): boolean =>
      model.store.search.objectives.some((o) => metricKey(o.metric) === key && o.mode === "min");
    const line = [...this.front].sort((a, b) => a.x - b.x);
    context.beginPath();
    line.forEach((one, i) => {
      const before = line[i - 1];
      if (before !== undefined) {
        if (minimizes(this.keys()[0])) context.lineTo(one.x, before.y);
        else context.lineTo(before.x, one.y);
      }
      context.lineTo(one.x, one.y);
    });
    context.strokeStyle = palette.text;
    context.globalAlpha = 0.6;
    context.lineWidth = 1.5;
    context.stroke();
    context.globalAlpha = 1;
  }

  protected override drawPicked(context: CanvasRenderingContext2D): void {
    const { model } = this.context;
    const picked = this.dots.filter(({ trial }) => model.isSelected(trial.id));
    this.surface.paint(
      "picked",
      picked.length,
      (i) => {
        const one = picked[i] as Dot;
        dot(context, one, picked.length > 200 ? 3 : 5.5, this.context.color(one.trial.id));
      },
      DOTS,
    );
  }

  protected override drawOver(over: CanvasRenderingContext2D): void {
    const { model, palette } = this.context;
    over.strokeStyle = palette.text;
    over.lineWidth = 1.5;
    for (const one of this.front) {
      over.beginPath();
      over.arc(one.x, one.y, 7, 0, 7);
      over.stroke();
    }
    const hovered = this.dots.find(({ trial }) => trial.id === model.hovered);
    if (hovered !== undefined) {
      dot(over, hovered, 8, palette.surface);
      dot(over, hovered, 6, this.context.pickedColor(hovered.trial.id) ?? palette.accent);
    }
    if (this.box !== null) drawBox(over, this.box, palette.accent);
  }

  protected override hit(point: Point): Hit | null {
    let best = REACH * REACH;
    let found: Dot | null = null;
    for (const one of this.dots) {
      const distance = (one.x - point.x) ** 2 + (one.y - point.y) ** 2;
      if (distance < best) [best, found] = [distance, one];
    }
    if (found === null || this.axes === null) return null;
    const { trial } = found;
    const { x, y } = this.axes;
    const lines = [y, x].map(({ dimension: { column } }): [string, string] => [
      column.title,
      shown(column.value(trial)),
    ]);
    return { id: trial.id, lines };
  }

  protected override canDrag(): boolean {
    return this.dots.length > 0;
  }

  protected override drag(from: Point, to: Point): void {
    this.box = [from, to];
    this.highlight();
  }

  protected override drop(from: Point, to: Point): void {
    this.box = null;
    const [left, right] = [from.x, to.x].sort((a, b) => a - b) as [number, number];
    const [top, bottom] = [from.y, to.y].sort((a, b) => a - b) as [number, number];
    const inside = this.dots.filter(
      ({ x, y }) => x >= left && x <= right && y >= top && y <= bottom,
    );
    this.context.model.select(inside.map(({ trial }) => trial.id));
    this.highlight();
  }
}
