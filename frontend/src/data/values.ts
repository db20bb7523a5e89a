import type { Scalar } from "../protocol";

const SPECIAL = new Map([
  ["nan", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
]);

/** Whatever Python sent, as a scalar: lists and objects become their JSON text. */
export function toScalar(value: unknown): Scalar {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") {
    return value;
  }
  return JSON.stringify(value);
}

/** A reported value: JSON has no NaN and no infinity, so they arrive as text. */
export function toReported(value: unknown): Scalar {
  const scalar = toScalar(value);
  return typeof scalar === "string" ? (SPECIAL.get(scalar) ?? scalar) : scalar;
}

/** The number to draw, or null where there is none (absent, text, NaN, infinite). */
export function finite(value: Scalar | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Entries of an object by any name: a Map has no `__proto__` to trip over. */
export function entries(record: unknown, convert: (value: unknown) => Scalar): Map<string, Scalar> {
  const result = new Map<string, Scalar>();
  if (record === null || typeof record !== "object") return result;
  for (const [name, value] of Object.entries(record)) result.set(name, convert(value));
  return result;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** The index of the first element of a sorted list that is not below the value. */
export function lowerBound(sorted: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether an address may be opened from the page: nothing but http and https. */
export function safeUrl(url: string | null): string | null {
  if (url === null) return null;
  try {
    const parsed = new URL(url);
    return parsed.protocol === "https:" || parsed.protocol === "http:" ? parsed.href : null;
  } catch {
    return null;
  }
}
