import { bestSoFar, type Curve, columnAt, type Points, smoothed } from "../data/curves";
import type { Trial, TrialStore } from "../data/store";
import type { Frame } from "../plot/frame";
import { numberScale, type Scale } from "../plot/scales";
import type { Objective } from "../protocol";

/** One trial's curve of one metric, in values and in pixels. */
export interface CurveLine extends Points {
  trial: Trial;
  px: Float32Array;
  py: Float32Array;
}

/** One metric's part of the chart. */
export interface Panel {
  metric: string;
  frame: Frame;
  x: Scale;
  y: Scale;
  lines: CurveLine[];
  best: Points | null;
  /** Whether values are out of the picture, so that the others can be told apart. */
  cut: boolean;
}

export interface CurveOptions {
  x: string;
  logX: boolean;
  logY: boolean;
  outliers: boolean;
  best: boolean;
  smoothing: number;
}

export const ITERATION_X = "iteration";
export const TIME_X = "time";

/** Quantiles that show where most values are. */
const INNER = [0.02, 0.98] as const;
/** Values this many times farther away than most are left out of the picture. */
const FAR = 3;
const SAMPLE = 20_000;

/** The lines of one metric, with the scale of their values; where they are comes with `project`. */
export function buildPanel(
  store: TrialStore,
  trials: readonly Trial[],
  metric: string,
  frame: Frame,
  options: CurveOptions,
): Panel {
  const lines: CurveLine[] = [];
  for (const trial of trials) {
    const curve = store.curve(trial.id, metric);
    if (curve === undefined || curve.values.length === 0) continue;
    const x = xOf(store, trial, curve, options.x);
    const y = smoothed(curve.values, options.smoothing);
    lines.push({ trial, x, y, px: new Float32Array(x.length), py: new Float32Array(x.length) });
  }
  const objective = store.search.objectives.find((o) => o.metric === metric);
  const best = options.best && objective ? bestSoFar(lines, objective.mode) : null;
  const x = numberScale([], [0, 1]);
  return { metric, frame, x, lines, best, ...yScale(lines, frame, options, objective) };
}

/** Puts the lines of all panels over the same part of x, to the right of their labels. */
export function project(panels: readonly Panel[], left: number, options: CurveOptions): Panel[] {
  const ends = panels.flatMap(({ lines }) => extentOf(lines, "x", options.logX));
  return panels.map((panel) => {
    const frame = { ...panel.frame, left };
    const x = numberScale(ends, [left, frame.right], {
      log: options.logX,
      ticks: ticks(frame.right - left, 90),
      whole: options.x === ITERATION_X,
    });
    for (const line of panel.lines) place(line, x, panel.y, frame);
    return { ...panel, frame, x };
  });
}

function ticks(length: number, room: number): number {
  return Math.max(Math.round(length / room), 3);
}

function xOf(store: TrialStore, trial: Trial, curve: Curve, name: string): Float64Array {
  if (name === ITERATION_X) return curve.iterations;
  if (name === TIME_X) return curve.seconds;
  return columnAt(store.curve(trial.id, name), curve.iterations);
}

function extentOf(lines: readonly Points[], axis: "x" | "y", positive: boolean): number[] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const line of lines) {
    const values = line[axis];
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (!Number.isFinite(value) || (positive && value <= 0)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low > high ? [] : [low, high];
}

function yScale(
  lines: readonly CurveLine[],
  frame: Frame,
  options: CurveOptions,
  objective: Objective | undefined,
): { y: Scale; cut: boolean } {
  const range = [frame.bottom, frame.top] as const;
  const count = ticks(frame.bottom - frame.top, 42);
  const all = (positive: boolean): number[] => extentOf(lines, "y", positive);
  if (options.outliers || options.logY) {
    const log = options.logY;
    return { y: numberScale(all(log), range, { log, ticks: count }), cut: false };
  }
  const inside = innerRange(lines, objective);
  const y = numberScale(inside ?? all(false), range, { ticks: count });
  return { y, cut: inside !== null };
}

/** Where most values are, if a few are so far away that the others would be one line. */
export function innerRange(
  lines: readonly Points[],
  objective: Objective | undefined,
): [number, number] | null {
  const total = lines.reduce((sum, { y }) => sum + y.length, 0);
  const step = Math.max(Math.ceil(total / SAMPLE), 1);
  const values: number[] = [];
  let [least, most, k] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const { y } of lines) {
    for (const value of y) {
      if (!Number.isFinite(value)) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
      if (k++ % step === 0) values.push(value);
    }
  }
  if (values.length < 20) return null;
  values.sort((a, b) => a - b);
  const [low, high] = INNER.map((q) => values[Math.floor(q * (values.length - 1))] as number) as [
    number,
    number,
  ];
  const room = FAR * (high - low);
  if (room === 0) return null;
  // The best values are never left out.
  const bottom = least >= low - room || objective?.mode === "min" ? least : low;
  const top = most <= high + room || objective?.mode === "max" ? most : high;
  return bottom === least && top === most ? null : [bottom, top];
}

function place(line: CurveLine, x: Scale, y: Scale, frame: Frame): void {
  for (let i = 0; i < line.x.length; i++) {
    const px = x.at(line.x[i]);
    const py = y.at(line.y[i]);
    line.px[i] = px ?? Number.NaN;
    // Far outside the canvas a coordinate costs time and shows nothing.
    line.py[i] =
      py === null ? Number.NaN : Math.min(Math.max(py, frame.top - 2000), frame.bottom + 2000);
  }
}

/** Adds a line to the path; gaps where there is no value. */
export function trace(context: CanvasRenderingContext2D, line: CurveLine): void {
  let open = false;
  const { px, py } = line;
  for (let i = 0; i < px.length; i++) {
    const [x, y] = [px[i] as number, py[i] as number];
    if (Number.isNaN(x) || Number.isNaN(y)) open = false;
    else if (open) context.lineTo(x, y);
    else {
      context.moveTo(x, y);
      open = true;
    }
  }
}

/** The point of the lines that is nearest to a position, at most `reach` pixels away. */
export function nearestPoint(
  lines: readonly CurveLine[],
  x: number,
  y: number,
  reach: number,
): { line: CurveLine; index: number } | null {
  let best = reach * reach;
  let found: { line: CurveLine; index: number } | null = null;
  for (const line of lines) {
    const { px, py } = line;
    for (let i = 0; i < px.length; i++) {
      const dx = (px[i] as number) - x;
      if (dx > reach || dx < -reach) continue;
      const dy = (py[i] as number) - y;
      const distance = dx * dx + dy * dy;
      if (distance < best) {
        best = distance;
        found = { line, index: i };
      }
    }
  }
  return found ?? nearestSegment(lines, x, y, reach / 2);
}

/** Curves of few points have long segments, far from any point. */
function nearestSegment(
  lines: readonly CurveLine[],
  x: number,
  y: number,
  reach: number,
): { line: CurveLine; index: number } | null {
  let best = reach;
  let found: { line: CurveLine; index: number } | null = null;
  for (const line of lines) {
    const { px, py } = line;
    for (let i = 1; i < px.length; i++) {
      const [x0, x1] = [px[i - 1] as number, px[i] as number];
      if (x < x0 || x > x1 || x1 <= x0) continue;
      const share = (x - x0) / (x1 - x0);
      const distance = Math.abs(
        (py[i - 1] as number) * (1 - share) + (py[i] as number) * share - y,
      );
      if (distance < best) {
        best = distance;
        found = { line, index: share < 0.5 ? i - 1 : i };
      }
    }
  }
  return found;
}
