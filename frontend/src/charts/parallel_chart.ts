import { bestLast, CanvasChart, type Hit, type Point } from "../plot/canvas_chart";
import { type Frame, font, line, noteInside } from "../plot/frame";
import { legend, legendState } from "../plot/legend";
import type { Context } from "../ui/context";
import { h } from "../ui/dom";
import { checkbox, Menu } from "../ui/menu";
import {
  buildAxes,
  buildLines,
  defaultAxes,
  nearestLine,
  type ParallelAxis,
  type ParallelLine,
} from "./parallel_axes";
import { drawAxis, gapOf, TITLES } from "./parallel_drawing";

const REACH = 12;
/** How near to an axis a drag has to start. */
const AXIS_REACH = 16;
const BELOW = 22;

/** One line per trial over one axis per hyperparameter and tuned metric. */
export class ParallelChart extends CanvasChart {
  private plot: Frame = { left: 0, right: 0, top: 0, bottom: 0 };
  private axes: ParallelAxis[] = [];
  private lines: ParallelLine[] = [];
  private missing = false;
  private keys: string[] | null = null;
  /** The selected part of each axis, as shares of its length from the top. */
  private readonly brushes = new Map<string, [number, number]>();
  /** The selection that the brushes made; any other one takes them away. */
  private own: readonly string[] | null = null;
  private moved: { key: string; x: number } | null = null;
  private shownControls = "";

  constructor(context: Context) {
    super(context, "Parallel coordinates: hyperparameters and tuned metrics of every trial");
    this.surface.element.classList.add("twn-parallel");
  }

  protected override updateControls(): void {
    const wanted = JSON.stringify([
      this.context.model.columns.map((column) => column.key),
      legendState(this.context),
    ]);
    if (wanted === this.shownControls) return;
    this.shownControls = wanted;
    const button = h("button", { class: "twn-button", type: "button" }, "Axes");
    const menu = new Menu(button, "Axes", (panel) => {
      for (const column of this.context.model.columns) {
        if (column.kind === "trial" || column.key === "front") continue;
        const on = this.wanted().includes(column.key);
        panel.append(checkbox(column.title, on, (add) => this.choose(column.key, add)));
      }
    });
    const hint = h(
      "span",
      { class: "twn-hint" },
      "Drag along an axis to select, drag a name to move it",
    );
    this.controls.replaceChildren(menu.element, hint, legend(this.context));
  }

  private wanted(): string[] {
    return this.keys ?? defaultAxes(this.context.model);
  }

  private choose(key: string, add: boolean): void {
    const others = this.wanted().filter((other) => other !== key);
    this.keys = add ? [...others, key] : others;
    this.brushes.delete(key);
    this.draw();
  }

  protected override drawAll(): void {
    const { model, palette } = this.context;
    const context = this.surface.clear("axes");
    const marks = this.surface.clear("marks");
    this.measure();
    if (this.axes.length < 2 || this.lines.length === 0) {
      this.axes = [];
      const text =
        model.store.search.params.length === 0
          ? "The search has no hyperparameters"
          : "Not enough to compare yet";
      noteInside(context, palette, this.surface.width, this.surface.height, text);
      return;
    }
    const sorted = bestLast(this.lines, ({ trial }) => model.goodnessOf(trial.id));
    marks.globalAlpha = strength(this.lines.length);
    this.drawMarks(sorted.length, (i) => {
      const one = sorted[i] as ParallelLine;
      this.stroke(marks, one, this.context.scaleColor(one.trial.id), 1.2);
    });
  }

  private measure(): void {
    const { model } = this.context;
    const { width, height } = this.surface;
    this.plot = { left: 58, right: width - 64, top: TITLES, bottom: height - 14 - BELOW };
    this.axes = buildAxes(model, this.wanted(), model.shown, this.plot);
    const built = buildLines(this.axes, model.shown, this.plot.bottom + BELOW);
    this.lines = built.lines;
    this.missing = built.missing;
  }

  private drawMissing(context: CanvasRenderingContext2D): void {
    const { palette } = this.context;
    context.font = font(palette);
    context.fillStyle = palette.muted;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText("none", 8, this.plot.bottom + BELOW);
  }

  private gap(): number {
    return gapOf(this.axes);
  }

  protected override drawPicked(context: CanvasRenderingContext2D): void {
    const { model } = this.context;
    if (this.own !== model.selected) this.brushes.clear();
    const picked = this.lines.filter((l) => model.isSelected(l.trial.id));
    context.globalAlpha = picked.length > 200 ? 0.5 : 0.95;
    this.surface.paint("picked", picked.length, (i) => {
      const one = picked[i] as ParallelLine;
      this.stroke(context, one, this.context.color(one.trial.id), picked.length > 30 ? 1.2 : 2.2);
    });
  }

  protected override drawOver(over: CanvasRenderingContext2D): void {
    const { model, palette } = this.context;
    // Over the lines, which would hide the labels.
    const tuned = model.store.search.objectives.map(({ metric }) => metric);
    for (let i = 0; i < this.axes.length; i++) {
      drawAxis(over, palette, { axes: this.axes, frame: this.plot, tuned }, i);
    }
    if (this.missing) this.drawMissing(over);
    const hovered = this.lines.find((l) => l.trial.id === model.hovered);
    if (hovered !== undefined) {
      this.stroke(over, hovered, palette.surface, 5);
      this.stroke(over, hovered, this.context.pickedColor(hovered.trial.id) ?? palette.accent, 2.5);
    }
    for (const axis of this.axes) this.drawBrush(over, axis);
    if (this.moved !== null) this.drawMoved(over, this.moved);
  }

  private drawBrush(over: CanvasRenderingContext2D, axis: ParallelAxis): void {
    const brush = this.brushes.get(axis.dimension.column.key);
    if (brush === undefined) return;
    const { palette } = this.context;
    const [top, bottom] = brush.map((share) => this.heightOf(share)) as [number, number];
    over.fillStyle = palette.accent;
    over.globalAlpha = 0.22;
    over.fillRect(axis.x - 7, top, 14, bottom - top);
    over.globalAlpha = 1;
    over.strokeStyle = palette.accent;
    over.lineWidth = 1;
    over.strokeRect(axis.x - 7.5, top, 15, bottom - top);
  }

  private drawMoved(over: CanvasRenderingContext2D, moved: { key: string; x: number }): void {
    const { palette } = this.context;
    over.strokeStyle = palette.accent;
    over.lineWidth = 2;
    over.setLineDash([5, 4]);
    line(over, moved.x, 4, moved.x, this.plot.bottom);
    over.setLineDash([]);
  }

  private heightOf(share: number): number {
    return this.plot.top + share * (this.plot.bottom - this.plot.top);
  }

  private stroke(
    context: CanvasRenderingContext2D,
    one: ParallelLine,
    color: string,
    width: number,
  ): void {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.beginPath();
    this.axes.forEach((axis, i) => {
      context.lineTo(axis.x, one.ys[i] as number);
    });
    context.stroke();
  }

  protected override hit(point: Point): Hit | null {
    const found = nearestLine(this.axes, this.lines, point.x, point.y, REACH);
    return found === null ? null : { id: found.trial.id };
  }

  private axisAt(point: Point, reach: number): ParallelAxis | undefined {
    return this.axes.find((axis) => Math.abs(axis.x - point.x) <= reach);
  }

  protected override canDrag(point: Point): boolean {
    const reach = point.y < TITLES - 4 ? this.gap() / 2 : AXIS_REACH;
    return this.axisAt(point, reach) !== undefined;
  }

  protected override drag(from: Point, to: Point): void {
    if (from.y < TITLES - 4) this.dragTitle(from, to);
    else this.dragBrush(from, to);
  }

  private dragTitle(from: Point, to: Point): void {
    const axis = this.axisAt(from, this.gap() / 2);
    if (axis === undefined) return;
    this.moved = { key: axis.dimension.column.key, x: to.x };
    this.highlight();
  }

  private dragBrush(from: Point, to: Point): void {
    const axis = this.axisAt(from, AXIS_REACH);
    if (axis === undefined) return;
    const { top, bottom } = this.plot;
    const share = (y: number): number => Math.min(Math.max((y - top) / (bottom - top), 0), 1);
    const ends = [share(from.y), share(to.y)].sort((a, b) => a - b) as [number, number];
    this.brushes.set(axis.dimension.column.key, ends);
    this.selectBrushed();
  }

  protected override drop(_from: Point, to: Point): void {
    if (this.moved === null) return;
    const { key } = this.moved;
    this.moved = null;
    const others = this.axes.filter((axis) => axis.dimension.column.key !== key);
    const before = others.filter((axis) => axis.x < to.x).length;
    const order = others.map((axis) => axis.dimension.column.key);
    this.keys = [...order.slice(0, before), key, ...order.slice(before)];
    this.draw();
  }

  protected override click(point: Point): void {
    const axis = this.axisAt(point, AXIS_REACH);
    if (axis === undefined || !this.brushes.delete(axis.dimension.column.key)) {
      super.click(point);
    } else this.selectBrushed();
  }

  private selectBrushed(): void {
    const ranges = this.axes.flatMap((axis, i) => {
      const brush = this.brushes.get(axis.dimension.column.key);
      return brush === undefined
        ? []
        : [{ i, low: this.heightOf(brush[0]) - 0.5, high: this.heightOf(brush[1]) + 0.5 }];
    });
    const inside = (l: ParallelLine): boolean =>
      ranges.every(({ i, low, high }) => (l.ys[i] as number) >= low && (l.ys[i] as number) <= high);
    const ids = ranges.length === 0 ? [] : this.lines.filter(inside).map((l) => l.trial.id);
    this.own = ids;
    this.context.model.select(ids);
    this.own = this.context.model.selected;
    this.highlight();
  }
}

function strength(count: number): number {
  if (count <= 60) return 0.85;
  if (count <= 400) return 0.5;
  return count <= 2000 ? 0.28 : 0.14;
}
