import { type Column, ITERATION } from "../data/columns";
import type { Trial } from "../data/store";
import { finite } from "../data/values";
import type { Scalar } from "../protocol";
import { categoryName, categoryScale, numberScale, type Range, type Scale } from "./scales";

/** More different texts than this are no axis. */
const MOST_CATEGORIES = 40;
/** A metric whose positive values span so many times the smallest is drawn on a log axis. */
const LOG_SPAN = 1000;

/** One column as an axis. */
export interface Dimension {
  column: Column;
  categories: Scalar[] | null;
  log: boolean;
}

/** How a column is drawn, or null where it has nothing to draw. */
export function dimensionOf(column: Column, trials: readonly Trial[]): Dimension | null {
  const values = trials.map((trial) => column.value(trial));
  const categories = categoriesOf(column, values);
  if (categories !== null) {
    if (categories.length === 0 || categories.length > MOST_CATEGORIES) return null;
    return { column, categories, log: false };
  }
  const numbers = values.map(finite).filter((v): v is number => v !== null);
  if (numbers.length === 0) return null;
  return { column, categories: null, log: column.param?.log ?? spansDecades(column, numbers) };
}

function categoriesOf(column: Column, values: readonly (Scalar | undefined)[]): Scalar[] | null {
  const { param } = column;
  const discrete = param !== undefined && (param.type !== "number" || param.values !== null);
  const texts = values.some((v) => typeof v === "string" || typeof v === "boolean");
  const numbers = values.some((v) => finite(v) !== null);
  if (!discrete && (numbers || !texts)) return null;
  const seen = new Map<string, Scalar>();
  for (const value of new Set([...(param?.values ?? []), ...values])) {
    if (value !== undefined) seen.set(categoryName(value), value);
  }
  const all = [...seen.values()];
  return all.every((v) => typeof v === "number") ? all.sort((a, b) => Number(a) - Number(b)) : all;
}

function spansDecades(column: Column, numbers: readonly number[]): boolean {
  if (column.kind === "param") return false;
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const value of numbers) {
    if (value <= 0) return false;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high / low >= LOG_SPAN;
}

export function scaleOf(
  dimension: Dimension,
  trials: readonly Trial[],
  range: Range,
  ticks: number,
  log = dimension.log,
): Scale {
  if (dimension.categories !== null) return categoryScale(dimension.categories, range);
  const numbers: number[] = [];
  for (const trial of trials) {
    const value = finite(dimension.column.value(trial));
    if (value !== null) numbers.push(value);
  }
  const { key, param } = dimension.column;
  const whole = key === ITERATION || param?.integer === true;
  return numberScale(numbers, range, { log, ticks, whole });
}
