import type { CurveMessage } from "../protocol";
import { lowerBound, toReported } from "./values";

/** One metric of one trial: equally long arrays, in the order of the iterations. */
export interface Curve {
  iterations: Float64Array;
  seconds: Float64Array;
  values: Float64Array;
}

export type Buffer = ArrayBuffer | ArrayBufferView;

/** The curve after a message: points from `from` on are replaced. */
export function patchCurve(
  curve: Curve | undefined,
  message: CurveMessage,
  buffers: readonly Buffer[],
): Curve {
  const added = newPoints(message, buffers);
  const kept = Math.min(message.from, curve?.values.length ?? 0);
  if (curve === undefined || kept === 0) return added;
  return {
    iterations: joined(curve.iterations, kept, added.iterations),
    seconds: joined(curve.seconds, kept, added.seconds),
    values: joined(curve.values, kept, added.values),
  };
}

function joined(first: Float64Array, kept: number, second: Float64Array): Float64Array {
  const result = new Float64Array(kept + second.length);
  result.set(first.subarray(0, kept));
  result.set(second, kept);
  return result;
}

function newPoints(message: CurveMessage, buffers: readonly Buffer[]): Curve {
  const { n, at } = message;
  if (at === undefined) {
    return {
      iterations: Float64Array.from(message.iterations ?? []),
      seconds: Float64Array.from(message.seconds ?? []),
      values: Float64Array.from((message.values ?? []).map(asNumber)),
    };
  }
  const first = view(buffers[0], message);
  const inDouble = message.f64 === true && message.at64 !== undefined;
  return {
    iterations: float32(first, at, n),
    seconds: float32(first, at + n, n),
    values: inDouble
      ? float64(view(buffers[1], message), message.at64 as number, n)
      : float32(first, at + 2 * n, n),
  };
}

function asNumber(value: number | string | null): number {
  const reported = toReported(value);
  return typeof reported === "number" ? reported : Number.NaN;
}

function view(buffer: Buffer | undefined, message: CurveMessage): DataView {
  if (buffer === undefined) {
    throw new Error(`The curve ${message.metric} of ${message.id} came without its buffer.`);
  }
  return ArrayBuffer.isView(buffer)
    ? new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new DataView(buffer);
}

// Frontends hand over buffers at any byte offset, where typed arrays cannot be laid over them.
function float32(data: DataView, at: number, n: number): Float64Array {
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) result[i] = data.getFloat32((at + i) * 4, true);
  return result;
}

function float64(data: DataView, at: number, n: number): Float64Array {
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) result[i] = data.getFloat64((at + i) * 8, true);
  return result;
}

/** Another column's values at a curve's iterations: linear between its points, NaN outside. */
export function columnAt(column: Curve | undefined, iterations: Float64Array): Float64Array {
  const result = new Float64Array(iterations.length).fill(Number.NaN);
  if (column === undefined) return result;
  for (let i = 0; i < iterations.length; i++) {
    const x = iterations[i] as number;
    const right = lowerBound(column.iterations, x);
    const after = column.iterations[right];
    if (after === undefined) continue;
    if (after === x) result[i] = column.values[right] as number;
    else if (right > 0) {
      const before = column.iterations[right - 1] as number;
      const share = (x - before) / (after - before);
      const [low, high] = [column.values[right - 1] as number, column.values[right] as number];
      result[i] = low + (high - low) * share;
    }
  }
  return result;
}

/** An exponential moving average without a bias at its start; gaps stay gaps. */
export function smoothed(values: Float64Array, weight: number): Float64Array {
  if (weight <= 0) return values;
  const result = new Float64Array(values.length);
  let sum = 0;
  let norm = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) {
      result[i] = value;
      continue;
    }
    sum = weight * sum + (1 - weight) * value;
    norm = weight * norm + (1 - weight);
    result[i] = sum / norm;
  }
  return result;
}

export interface Points {
  x: Float64Array;
  y: Float64Array;
}

/** So many places along x at which the best value may change: more than a screen has pixels. */
const PLACES = 4000;

/** The best value of any trial up to each x: the points at which it gets better. */
export function bestSoFar(curves: readonly Points[], mode: "min" | "max"): Points {
  const sign = mode === "max" ? 1 : -1;
  const [first, last] = xRange(curves);
  if (first > last) return { x: new Float64Array(0), y: new Float64Array(0) };
  const { x, y } = bestOfPlaces(curves, sign, first, last);
  const kept: [number, number][] = [];
  let best = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < PLACES; k++) {
    const value = y[k] as number;
    if (Number.isNaN(value) || sign * value <= best) continue;
    best = sign * value;
    kept.push([x[k] as number, value]);
  }
  if ((kept[kept.length - 1]?.[0] ?? last) < last) kept.push([last, sign * best]);
  return { x: Float64Array.from(kept, (p) => p[0]), y: Float64Array.from(kept, (p) => p[1]) };
}

/** The best point in each of many narrow places; NaN where there is none. */
function bestOfPlaces(
  curves: readonly Points[],
  sign: number,
  first: number,
  last: number,
): Points {
  const best = { x: new Float64Array(PLACES), y: new Float64Array(PLACES).fill(Number.NaN) };
  const scale = last > first ? (PLACES - 1) / (last - first) : 0;
  for (const { x, y } of curves) {
    for (let i = 0; i < x.length; i++) {
      const [px, py] = [x[i] as number, y[i] as number];
      if (!Number.isFinite(px) || !Number.isFinite(py)) continue;
      const k = Math.round((px - first) * scale);
      const known = best.y[k] as number;
      if (!Number.isNaN(known) && sign * py <= sign * known) continue;
      best.x[k] = px;
      best.y[k] = py;
    }
  }
  return best;
}

function xRange(curves: readonly Points[]): [number, number] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { x, y } of curves) {
    for (let i = 0; i < x.length; i++) {
      const px = x[i] as number;
      if (!Number.isFinite(px) || !Number.isFinite(y[i] as number)) continue;
      if (px < first) first = px;
      if (px > last) last = px;
    }
  }
  return [first, last];
}
