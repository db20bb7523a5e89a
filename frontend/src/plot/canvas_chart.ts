import type { Context, Part } from "../ui/context";
import { h } from "../ui/dom";
import { MARKS, Surface } from "./surface";
import { Tooltip } from "./tooltip";

/** The trial nearest to the pointer, and what the tooltip says of it first. */
export interface Hit {
  id: string;
  lines?: [string, string][];
}

export interface Point {
  x: number;
  y: number;
}

/** A drag that has moved less than this is a click. */
const CLICK = 4;

/** What the charts on canvases share: sizes, drawing when needed, hover, click, drag. */
export abstract class CanvasChart implements Part {
  readonly element: HTMLElement;
  protected readonly controls = h("div", { class: "twn-controls" });
  protected readonly surface: Surface;
  private readonly tip: Tooltip;
  private frame = 0;
  private pressed: Point | null = null;
  private dragging = false;
  private drawn = false;
  private drawnSelection: readonly string[] | null = null;

  constructor(
    protected readonly context: Context,
    label: string,
  ) {
    this.surface = new Surface(label, () => this.draw());
    this.tip = new Tooltip(context);
    this.surface.element.append(this.tip.element);
    this.element = h("div", { class: "twn-chart" }, this.controls, this.surface.element);
    this.listen(this.surface.element);
  }

  update(): void {
    this.updateControls();
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  highlight(): void {
    if (this.surface.width === 0) return;
    const { model } = this.context;
    const hovered = model.hovered !== null;
    this.surface.dim(model.selected.length > 0 ? "much" : hovered ? "some" : "none");
    if (this.drawnSelection !== model.selected) {
      this.drawnSelection = model.selected;
      this.drawPicked(this.surface.clear("picked"));
    }
    this.drawOver(this.surface.clear("over"));
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.surface.dispose();
  }

  protected draw(): void {
    if (!this.surface.fit()) return;
    this.drawn = false;
    this.drawAll();
    if (!this.drawn) this.drawMarks(0, () => undefined);
    this.drawnSelection = null;
    this.highlight();
  }

  /** Draws the marks of all trials; without a call of it in `drawAll` there are none. */
  protected drawMarks(count: number, drawOne: (index: number) => void, atOnce?: number): void {
    this.drawn = true;
    this.surface.paint("marks", count, drawOne, atOnce);
  }

  /** Draws the axes and all marks. */
  protected abstract drawAll(): void;
  /** Draws the selected trials, over all others. */
  protected abstract drawPicked(context: CanvasRenderingContext2D): void;
  /** Draws the hovered trial, and what is over everything. */
  protected abstract drawOver(context: CanvasRenderingContext2D): void;
  protected abstract hit(point: Point): Hit | null;

  protected updateControls(): void {
    // Most charts have controls; those that have none need nothing.
  }

  /** Whether a drag that starts here is one of the chart's own. */
  protected canDrag(_point: Point): boolean {
    return false;
  }

  protected drag(_from: Point, _to: Point): void {
    // Only called where `canDrag` says so.
  }

  protected drop(_from: Point, _to: Point): void {
    // Only called where `canDrag` says so.
  }

  protected click(point: Point): void {
    const hit = this.hit(point);
    if (hit !== null) this.context.model.toggleSelected(hit.id);
    else this.context.model.select([]);
  }

  private listen(target: HTMLElement): void {
    target.addEventListener("pointermove", (event) => this.onMove(event));
    target.addEventListener("pointerleave", () => this.leave());
    target.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.pressed = pointOf(event, target);
      if (this.canDrag(this.pressed)) target.setPointerCapture(event.pointerId);
    });
    target.addEventListener("pointerup", (event) => {
      const point = pointOf(event, target);
      if (this.dragging && this.pressed !== null) this.drop(this.pressed, point);
      else if (this.pressed !== null) this.click(point);
      this.stopDrag();
    });
    target.addEventListener("pointercancel", () => this.stopDrag());
  }

  /** Whether the pointer is over a trial in this chart. */
  protected get hasTip(): boolean {
    return !this.tip.element.hidden;
  }

  private stopDrag(): void {
    this.pressed = null;
    this.dragging = false;
  }

  private leave(): void {
    this.tip.hide();
    this.context.model.hover(null);
  }

  private onMove(event: PointerEvent): void {
    const point = pointOf(event, this.surface.element);
    const from = this.pressed;
    if (from !== null && this.canDrag(from)) {
      const far = Math.hypot(point.x - from.x, point.y - from.y) >= CLICK;
      this.dragging ||= far;
      if (this.dragging) {
        this.tip.hide();
        this.drag(from, point);
        return;
      }
    }
    this.hoverAt(point);
  }

  private hoverAt(point: Point): void {
    const { model } = this.context;
    const hit = this.hit(point);
    const trial = model.trial(hit?.id ?? null);
    if (hit === null || trial === undefined) this.tip.hide();
    else this.tip.show(trial, point.x, point.y, hit.lines ?? []);
    model.hover(hit?.id ?? null);
  }
}

/** Marks from the worst to the best; where there are many, some of the best are drawn first too. */
export function bestLast<T>(items: readonly T[], goodness: (item: T) => number | undefined): T[] {
  const keyed = items.map((item) => ({ item, key: goodness(item) ?? -1 }));
  keyed.sort((a, b) => a.key - b.key);
  const sorted = keyed.map(({ item }) => item);
  return sorted.length > MARKS ? [...sorted.slice(-MARKS), ...sorted] : sorted;
}

function pointOf(event: PointerEvent, target: Element): Point {
  const { left, top } = target.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}
