import { type Frame, fitted, font, haloText, line, SMALL } from "../plot/frame";
import type { Palette } from "../ui/theme";
import type { ParallelAxis } from "./parallel_axes";

/** The height of the names above the axes. */
export const TITLES = 34;

/** All axes, and the names of the metrics that are tuned. */
export interface AxesInFrame {
  axes: readonly ParallelAxis[];
  frame: Frame;
  tuned: readonly string[];
}

/** The distance between two axes. */
export function gapOf([first, second]: readonly ParallelAxis[]): number {
  return first !== undefined && second !== undefined ? second.x - first.x : 120;
}

export function drawAxis(
  context: CanvasRenderingContext2D,
  palette: Palette,
  all: AxesInFrame,
  index: number,
): void {
  const axis = all.axes[index];
  if (axis === undefined) return;
  context.strokeStyle = palette.muted;
  context.globalAlpha = 0.55;
  context.lineWidth = 1;
  line(context, axis.x, all.frame.top, axis.x, all.frame.bottom);
  context.globalAlpha = 1;
  context.font = font(palette);
  context.textBaseline = "middle";
  // The labels of the last axis are on its other side, where there are no lines.
  const last = index === all.axes.length - 1;
  context.textAlign = last ? "left" : "right";
  context.fillStyle = palette.muted;
  const room = last ? 54 : Math.min(Math.max(gapOf(all.axes) - 16, 34), 110);
  for (const { at, text } of axis.scale.ticks) {
    haloText(context, palette, fitted(context, text, room), axis.x + (last ? 7 : -6), at);
  }
  drawTitle(context, palette, all, index);
}

function drawTitle(
  context: CanvasRenderingContext2D,
  palette: Palette,
  { axes, tuned }: AxesInFrame,
  index: number,
): void {
  const axis = axes[index];
  if (axis === undefined) return;
  const { title } = axis.dimension.column;
  context.font = font(palette, SMALL, "600");
  context.fillStyle = tuned.includes(title) ? palette.accent : palette.text;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const gap = gapOf(axes);
  // Neighbouring names would touch where axes are close: every second one is higher.
  const high = gap < 90 && index % 2 === 1;
  const room = gap < 90 ? gap * 1.6 : Math.min(gap - 8, 116);
  context.fillText(fitted(context, short(title), room), axis.x, high ? 8 : TITLES - 14);
}

/** The end of a nested name says more than its beginning. */
function short(title: string): string {
  return title.length > 18 ? (title.split("/").pop() ?? title) : title;
}
