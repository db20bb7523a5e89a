import { scaleLinear, scaleLog, scalePoint } from "d3-scale";
import { formatNumber } from "../data/numbers";
import type { Scalar } from "../protocol";

export interface Tick {
  at: number;
  text: string;
}

/** Where values of one axis are on the screen. */
export interface Scale {
  kind: "linear" | "log" | "category";
  /** Null for what has no place on the axis: absent, NaN, infinite, not positive on a log axis. */
  at: (value: Scalar | undefined) => number | null;
  ticks: Tick[];
}

export type Range = readonly [number, number];

export interface NumberOptions {
  log?: boolean;
  /** About so many ticks. */
  ticks?: number;
  /** Whether there is nothing between whole numbers. */
  whole?: boolean;
}

/** A scale for numbers; a log scale without positive numbers becomes a linear one. */
export function numberScale(
  values: Iterable<number>,
  range: Range,
  { log = false, ticks = 5, whole = false }: NumberOptions = {},
): Scale {
  const [low, high] = extent(values, log);
  if (low > high) {
    return log ? numberScale(values, range, { ticks, whole }) : linear([0, 1], range, ticks, whole);
  }
  return log
    ? logarithmic(padded(low, high, true), range, ticks)
    : linear(padded(low, high, false), range, ticks, whole);
}

function extent(values: Iterable<number>, positive: boolean): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value) || (positive && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** A single value gets an axis around itself. */
function padded(low: number, high: number, log: boolean): [number, number] {
  if (low < high) return [low, high];
  if (log) return [low / 2, high * 2];
  const room = low === 0 ? 1 : Math.abs(low) / 2;
  return [low - room, high + room];
}

function linear(domain: [number, number], range: Range, count: number, whole: boolean): Scale {
  const scale = scaleLinear(domain, range);
  const ticks = scale.ticks(count).filter((tick) => !whole || Number.isInteger(tick));
  return {
    kind: "linear",
    at: (value) => (typeof value === "number" && Number.isFinite(value) ? scale(value) : null),
    ticks: ticks.map((value) => ({ at: scale(value), text: tickText(value, ticks) })),
  };
}

function logarithmic(domain: [number, number], range: Range, count: number): Scale {
  const scale = scaleLog(domain, range);
  const decades = Math.log10(domain[1] / domain[0]);
  const ticks = decades < 1 ? scaleLinear(domain, range).ticks(count) : decadeTicks(domain, count);
  return {
    kind: "log",
    at: (value) =>
      typeof value === "number" && Number.isFinite(value) && value > 0 ? scale(value) : null,
    ticks: ticks.map((value) => ({ at: scale(value), text: formatNumber(value, 3) })),
  };
}

function decadeTicks([low, high]: [number, number], count: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const step = Math.max(Math.ceil((last - first) / Math.max(count, 1)), 1);
  const factors = decadeFactors(Math.log10(high / low), count);
  const ticks: number[] = [];
  for (let power = first; power <= last; power += step) {
    for (const factor of step === 1 ? factors : [1]) {
      const value = Number(`${factor}e${power}`);
      if (value >= low * 0.999 && value <= high * 1.001) ticks.push(value);
    }
  }
  return ticks;
}

function decadeFactors(decades: number, count: number): readonly number[] {
  if (decades * 3 <= count + 1) return [1, 2, 5];
  return decades * 2 <= count + 2 ? [1, 3] : [1];
}

function tickText(value: number, ticks: readonly number[]): string {
  const size = Math.max(...ticks.map(Math.abs));
  if (size >= 1e6 || (size < 1e-3 && size > 0)) return formatNumber(value, 3);
  const [first, second] = ticks;
  if (first === undefined || second === undefined) return formatNumber(value, 3);
  const step = second - first;
  const decimals = Math.min(Math.max(-Math.floor(Math.log10(step) + 1e-9), 0), 12);
  return value.toFixed(decimals).replace("-", "−");
}

/** A scale for categories, in the order given. */
export function categoryScale(values: readonly Scalar[], range: Range): Scale {
  const names = [...new Set(values.map(categoryName))];
  const scale = scalePoint(names, range).padding(names.length < 2 ? 0.5 : 0.2);
  return {
    kind: "category",
    at: (value) => (value === undefined ? null : (scale(categoryName(value)) ?? null)),
    ticks: names.map((name) => ({ at: scale(name) ?? 0, text: name })),
  };
}

export function categoryName(value: Scalar): string {
  if (typeof value === "string") return value;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return Number.isInteger(value) ? String(value) : formatNumber(value, 6);
}
