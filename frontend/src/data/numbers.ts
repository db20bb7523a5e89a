import type { Scalar } from "../protocol";

const LEAST_DIGITS = 4;
const MOST_DIGITS = 9;
const SAMPLE = 400;
/** From this many values on, a few neighbours may look the same. */
const MANY = 100;

export type Format = (value: Scalar | undefined) => string;

/** A number with so many significant digits, and more where it would read as a whole number. */
export function formatNumber(value: number, digits = LEAST_DIGITS): string {
  return special(value) ?? significant(value, digits);
}

function special(value: number): string | null {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "∞";
  if (value === Number.NEGATIVE_INFINITY) return "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return minus(String(value));
  return null;
}

function significant(value: number, digits: number): string {
  const size = Math.abs(value);
  const scientific = size < 1e-4 || size >= 1e6;
  const write = (d: number): string =>
    scientific ? value.toExponential(Math.min(d, MOST_DIGITS) - 1) : plain(value, d);
  return minus(trimmed(size >= 1e6 ? write(digits) : unlikeWhole(value, digits, write)));
}

function plain(value: number, digits: number): string {
  const before = Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.max(digits - before, 0));
}

/** 0.99996 must not read as 1: digits are added until the text is no longer a whole number. */
function unlikeWhole(value: number, digits: number, write: (digits: number) => string): string {
  let text = write(digits);
  if (Number.isInteger(value)) return text;
  for (let more = digits + 1; more <= 15 && Number.isInteger(Number(text)); more++) {
    text = write(more);
  }
  return text;
}

function trimmed(text: string): string {
  const [mantissa = "", exponent] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${exponent.replace("+", "")}`;
}

function minus(text: string): string {
  return text.replace("-", "−").replace("e−", "e-");
}

/** How many significant digits tell neighbouring values apart. */
export function digitsNeeded(values: readonly number[]): number {
  const sorted = [...new Set(values.filter(Number.isFinite))].sort((a, b) => a - b);
  const allowed = sorted.length > MANY ? sorted.length * 0.05 : 0;
  for (let digits = LEAST_DIGITS; digits < MOST_DIGITS; digits++) {
    let same = 0;
    for (let i = 1; i < sorted.length; i++) {
      const [left, right] = [sorted[i - 1] as number, sorted[i] as number];
      if (left.toPrecision(digits) === right.toPrecision(digits)) same += 1;
    }
    if (same <= allowed) return digits;
  }
  return MOST_DIGITS;
}

/** How the values of one column are written: alike, so that they can be compared at a glance. */
export function columnFormat(values: readonly (Scalar | undefined)[]): Format {
  const numbers = sample(values.filter((v): v is number => typeof v === "number"));
  const digits = digitsNeeded(numbers);
  const decimals = sharedDecimals(numbers, digits);
  return (value) => {
    if (typeof value !== "number") return formatText(value);
    if (decimals === null || !fits(value, decimals, digits)) return formatNumber(value, digits);
    return minus(unlikeWhole(value, decimals, (d) => value.toFixed(Math.min(d, 15))));
  };
}

/** Whether so many decimals show at least half of the digits that tell values apart. */
function fits(value: number, decimals: number, digits: number): boolean {
  if (value === 0) return true;
  const size = Math.abs(value);
  return size < 1e6 && Math.log10(size) >= digits / 2 - decimals - 1;
}

/** The decimals of a column if most of its numbers are of about the same size, else null. */
function sharedDecimals(numbers: readonly number[], digits: number): number | null {
  const sizes = numbers.filter((v) => Number.isFinite(v) && v !== 0).map(Math.abs);
  if (sizes.length === 0 || numbers.every((v) => !Number.isFinite(v) || Number.isInteger(v))) {
    return null;
  }
  sizes.sort((a, b) => a - b);
  const low = sizes[Math.floor(0.1 * (sizes.length - 1))] as number;
  const high = sizes[Math.ceil(0.9 * (sizes.length - 1))] as number;
  if (high / low > 100 || high >= 1e6 || low < 1e-4) return null;
  return Math.max(digits - 1 - Math.floor(Math.log10(high)), 0);
}

function sample(values: readonly number[]): readonly number[] {
  return values.length <= SAMPLE ? values : values.slice(0, SAMPLE);
}

/** A value that is no number, as text; an absent one is empty. */
export function formatText(value: Scalar | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "number" ? formatNumber(value) : String(value);
}

/** A number of things: "1 trial", "10,000 trials". */
export function counted(count: number, thing: string): string {
  return `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;
}

/** Seconds as a person reads them: "0.4 s", "3 m 20 s", "2 h 05 m", "3 d 4 h". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} m ${String(whole % 60).padStart(2, "0")} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
