import { metricKey, paramKey } from "../data/columns";
import type { Trial } from "../data/store";
import { type Dimension, dimensionOf, scaleOf } from "../plot/dimension";
import type { Frame } from "../plot/frame";
import type { Scale } from "../plot/scales";
import type { Model } from "../state/model";

/** One vertical axis. */
export interface ParallelAxis {
  dimension: Dimension;
  scale: Scale;
  x: number;
}

export interface ParallelLine {
  trial: Trial;
  /** The height on each axis. */
  ys: Float32Array;
}

const MOST_AXES = 9;

/** The axes to start with: what varies, the most important first, then the tuned metrics. */
export function defaultAxes(model: Model): string[] {
  const { search } = model.store;
  const importance = new Map(search.importance.map(({ name, value }) => [name, value]));
  const params = search.params
    .filter((param) => param.varies && param.type !== "text")
    .sort((a, b) => (importance.get(b.name) ?? 0) - (importance.get(a.name) ?? 0))
    .map((param) => paramKey(param.name));
  const tuned = search.objectives.map(({ metric }) => metricKey(metric));
  return [...params.slice(0, MOST_AXES - tuned.length), ...tuned];
}

export function buildAxes(
  model: Model,
  keys: readonly string[],
  trials: readonly Trial[],
  frame: Frame,
): ParallelAxis[] {
  const dimensions = keys.flatMap((key) => {
    const column = model.column(key);
    const dimension = column === undefined ? null : dimensionOf(column, trials);
    return dimension === null ? [] : [dimension];
  });
  const gap = dimensions.length > 1 ? (frame.right - frame.left) / (dimensions.length - 1) : 0;
  const ticks = Math.max(Math.round((frame.bottom - frame.top) / 40), 2);
  return dimensions.map((dimension, i) => ({
    dimension,
    scale: scaleOf(dimension, trials, [frame.bottom, frame.top], ticks),
    x: frame.left + i * gap,
  }));
}

/** Values that an axis cannot show are on a line of their own, below it. */
export function buildLines(
  axes: readonly ParallelAxis[],
  trials: readonly Trial[],
  below: number,
): { lines: ParallelLine[]; missing: boolean } {
  let missing = false;
  const lines: ParallelLine[] = [];
  for (const trial of trials) {
    const ys = new Float32Array(axes.length);
    let known = 0;
    axes.forEach(({ dimension, scale }, i) => {
      const y = scale.at(dimension.column.value(trial));
      if (y !== null) known += 1;
      ys[i] = y ?? below;
    });
    if (known === 0) continue;
    if (known < axes.length) missing = true;
    lines.push({ trial, ys });
  }
  return { lines, missing };
}

/** The line that passes nearest to a position, at most `reach` pixels above or below it. */
export function nearestLine(
  axes: readonly ParallelAxis[],
  lines: readonly ParallelLine[],
  x: number,
  y: number,
  reach: number,
): ParallelLine | null {
  const right = axes.findIndex((axis) => axis.x >= x);
  const to = right < 0 ? axes.length - 1 : Math.max(right, 1);
  const from = to - 1;
  const [a, b] = [axes[from], axes[to]];
  if (a === undefined || b === undefined || x < a.x - reach || x > b.x + reach) return null;
  const share = Math.min(Math.max((x - a.x) / (b.x - a.x), 0), 1);
  let best = reach;
  let found: ParallelLine | null = null;
  for (const line of lines) {
    const at = (line.ys[from] as number) * (1 - share) + (line.ys[to] as number) * share;
    const distance = Math.abs(at - y);
    if (distance < best) [best, found] = [distance, line];
  }
  return found;
}
