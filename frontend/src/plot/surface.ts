import { h } from "../ui/dom";

/** Axes; then the marks of all trials; those of the selected ones; the one that is hovered. */
export type Layer = "axes" | "marks" | "picked" | "over";

// The marks have two canvases: the old ones stay in sight until the new ones are complete.
const LAYERS: readonly Layer[] = ["axes", "marks", "marks", "picked", "over"];
/** Milliseconds of drawing between two moments in which the page can answer. */
const SLICE = 10;
/** Where there is no GPU, what was drawn in these milliseconds takes many more to be shown. */
export const MARKS = 300;

/** Canvases over one another, so that a hover draws one mark and not all of them. */
export class Surface {
  readonly element = h("div", { class: "twn-surface" });
  width = 0;
  height = 0;
  /** Whether all marks have been drawn. */
  complete = true;
  private readonly canvases = new Map<Layer, HTMLCanvasElement>();
  private hiddenMarks: HTMLCanvasElement | null = null;
  private hasMarks = false;
  private readonly observer: ResizeObserver;
  private readonly frames = new Map<Layer, number>();

  constructor(label: string, onResize: () => void) {
    for (const layer of LAYERS) {
      const canvas = h("canvas", { class: `twn-layer twn-layer-${layer}`, "aria-hidden": "true" });
      if (this.canvases.has(layer)) this.hiddenMarks = canvas;
      else this.canvases.set(layer, canvas);
      this.element.append(canvas);
    }
    this.element.setAttribute("role", "img");
    this.element.setAttribute("aria-label", label);
    this.observer = new ResizeObserver(() => {
      const { clientWidth, clientHeight } = this.element;
      if (clientWidth === this.width && clientHeight === this.height) return;
      onResize();
    });
    this.observer.observe(this.element);
  }

  /** Takes over the size of the element; false where there is no room to draw. */
  fit(): boolean {
    this.width = this.element.clientWidth;
    this.height = this.element.clientHeight;
    return this.width > 40 && this.height > 40;
  }

  /** An empty layer to draw on, in CSS pixels. */
  clear(layer: Layer): CanvasRenderingContext2D {
    cancelAnimationFrame(this.frames.get(layer) ?? 0);
    const canvas = this.target(layer);
    const ratio = Math.max(devicePixelRatio || 1, 1);
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    return context;
  }

  /** How far the marks stand back behind those that are hovered or selected. */
  dim(strength: "none" | "some" | "much"): void {
    this.element.dataset.dim = strength;
  }

  private target(layer: Layer): HTMLCanvasElement {
    const hidden = layer === "marks" && this.hasMarks ? this.hiddenMarks : null;
    return hidden ?? (this.canvases.get(layer) as HTMLCanvasElement);
  }

  private showMarks(): void {
    const [shown, hidden] = [this.canvases.get("marks"), this.hiddenMarks];
    if (this.hasMarks && shown !== undefined && hidden !== null) {
      this.canvases.set("marks", hidden);
      this.hiddenMarks = shown;
      hidden.classList.remove("twn-back");
      shown.classList.add("twn-back");
    }
    this.hasMarks = true;
  }

  /** Draws many marks without holding up the page: what does not fit into one slice comes later. */
  paint(layer: Layer, count: number, paintOne: (index: number) => void, marks = MARKS): void {
    cancelAnimationFrame(this.frames.get(layer) ?? 0);
    this.complete = false;
    let next = 0;
    const slice = (): void => {
      const end = performance.now() + SLICE;
      const last = next + marks;
      while (next < count) {
        paintOne(next++);
        if (next >= last || (next % 16 === 0 && performance.now() > end)) {
          this.frames.set(layer, requestAnimationFrame(slice));
          return;
        }
      }
      this.complete = true;
      if (layer === "marks") this.showMarks();
    };
    slice();
  }

  dispose(): void {
    for (const frame of this.frames.values()) cancelAnimationFrame(frame);
    this.observer.disconnect();
  }
}
