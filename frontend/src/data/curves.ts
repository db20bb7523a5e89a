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

/** The best value of any trial up to each x: the points at which it gets better. */
export function bestSoFar(curves: readonly Points[], mode: "min" | "max"): Points {
  const all: [number, number][] = [];
  for (const { x, y } of curves) {
    for (let i = 0; i < x.length; i++) {
      const point: [number, number] = [x[i] as number, y[i] as number];
      if (Number.isFinite(point[0]) && Number.isFinite(point[1])) all.push(point);
    }
  }
  const sign = mode === "max" ? 1 : -1;
  all.sort((a, b) => a[0] - b[0] || sign * (b[1] - a[1]));
  const kept: [number, number][] = [];
  for (const point of all) {
    const last = kept[kept.length - 1];
    if (last === undefined || sign * (point[1] - last[1]) > 0) kept.push(point);
  }
  const end = all[all.length - 1];
  const last = kept[kept.length - 1];
  if (end !== undefined && last !== undefined && end[0] > last[0]) kept.push([end[0], last[1]]);
  return { x: Float64Array.from(kept, (p) => p[0]), y: Float64Array.from(kept, (p) => p[1]) };
}
