import { formatNumber, formatText } from "../data/numbers";
import type { Trial } from "../data/store";
import { finite } from "../data/values";
import type { Point } from "../plot/canvas_chart";
import type { Dimension } from "../plot/dimension";
import type { Scale } from "../plot/scales";
import type { Objective, Scalar } from "../protocol";

export interface Dot {
  trial: Trial;
  x: number;
  y: number;
}

export interface Axis {
  dimension: Dimension;
  scale: Scale;
}

export function reported(trial: Trial, objective: Objective): number | null {
  return finite(trial.last.get(objective.metric));
}

export function place(trials: readonly Trial[], axes: { x: Axis; y: Axis }): Dot[] {
  const dots: Dot[] = [];
  for (const trial of trials) {
    const x = axes.x.scale.at(axes.x.dimension.column.value(trial));
    const y = axes.y.scale.at(axes.y.dimension.column.value(trial));
    if (x === null || y === null) continue;
    dots.push({ trial, x: x + spread(trial, axes.x), y: y + spread(trial, axes.y) });
  }
  return dots;
}

/** Dots of one category lie beside one another, always at the same place. */
export function spread(trial: Trial, axis: Axis): number {
  if (axis.scale.kind !== "category") return 0;
  const gap = Math.abs((axis.scale.ticks[1]?.at ?? 80) - (axis.scale.ticks[0]?.at ?? 0));
  return ((((trial.number * 0.618034) % 1) - 0.5) * Math.min(gap, 80)) / 2;
}

export function dot(
  context: CanvasRenderingContext2D,
  { x, y }: Dot,
  radius: number,
  color: string,
): void {
  context.fillStyle = color;
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fill();
}

export function drawBox(
  context: CanvasRenderingContext2D,
  [a, b]: [Point, Point],
  color: string,
): void {
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = 1;
  context.globalAlpha = 0.12;
  context.fillRect(a.x, a.y, b.x - a.x, b.y - a.y);
  context.globalAlpha = 1;
  context.strokeRect(a.x, a.y, b.x - a.x, b.y - a.y);
}

export function shown(value: Scalar | undefined): string {
  return typeof value === "number" ? formatNumber(value, 5) : formatText(value) || "none";
}
