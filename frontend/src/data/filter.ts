import type { Scalar } from "../protocol";
import { type Column, TIME } from "./columns";
import type { Trial } from "./store";

export interface Filter {
  accepts: (trial: Trial) => boolean;
  /** What could not be understood; it is left out of the filter. */
  problems: string[];
}

type Test = (trial: Trial) => boolean;

const COMPARISON = /("[^"]*"|[^\s<>=!"]+)\s*(>=|<=|!=|==|=|<|>)\s*("[^"]*"|[^\s"<>=!]+)/y;
const WORD = /"([^"]*)"|\S+/y;
const UNITS = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 86400],
]);

/** A filter such as `adam lr > 0.01 and "batch size" = 32`: every part has to hold. */
export function parseFilter(text: string, columns: readonly Column[]): Filter {
  const tests: Test[] = [];
  const problems: string[] = [];
  let position = 0;
  while (position < text.length) {
    if (/\s/.test(text.charAt(position))) {
      position += 1;
      continue;
    }
    COMPARISON.lastIndex = position;
    const comparison = COMPARISON.exec(text);
    if (comparison !== null) {
      const [whole, name = "", operator = "", value = ""] = comparison;
      const test = comparisonTest(unquoted(name), operator, unquoted(value), columns);
      if (typeof test === "string") problems.push(test);
      else tests.push(test);
      position += whole.length;
      continue;
    }
    WORD.lastIndex = position;
    const word = WORD.exec(text)?.[0] ?? text.slice(position);
    position += word.length;
    if (!/^(and|&&?)$/i.test(word)) tests.push(textTest(unquoted(word), columns));
  }
  return { accepts: (trial) => tests.every((test) => test(trial)), problems };
}

function unquoted(text: string): string {
  return text.replace(/^"|"$/g, "");
}

function textTest(word: string, columns: readonly Column[]): Test {
  const wanted = word.toLowerCase();
  const texts = columns.filter((column) => column.kind !== "metric");
  return (trial) =>
    trial.id.toLowerCase().includes(wanted) ||
    (trial.error?.toLowerCase().includes(wanted) ?? false) ||
    texts.some((column) => {
      const value = column.value(trial);
      return typeof value === "string" && value.toLowerCase().includes(wanted);
    });
}

function comparisonTest(
  name: string,
  operator: string,
  value: string,
  columns: readonly Column[],
): Test | string {
  const found = findColumns(name, columns);
  if (found.length === 0) return `There is no column "${name}".`;
  if (found.length > 1) {
    return `"${name}" may be ${found.map((column) => column.title).join(" or ")}.`;
  }
  const column = found[0] as Column;
  const wanted = wantedNumber(value, column);
  const numeric = wanted !== null;
  if (!numeric && !["=", "==", "!="].includes(operator)) {
    return `${operator} needs a number, but got "${value}".`;
  }
  return (trial) => compare(column.value(trial), operator, numeric ? wanted : value);
}

/** The column of that name, else those of which it is a part ("lr" finds "optimizer/lr"). */
function findColumns(name: string, columns: readonly Column[]): Column[] {
  const wanted = name.toLowerCase();
  const wholly = columns.filter((column) => column.title === name);
  if (wholly.length > 0) return wholly.slice(0, 1);
  const alike = columns.filter((column) => column.title.toLowerCase() === wanted);
  if (alike.length > 0) return alike.slice(0, 1);
  const aliases = new Map([
    ["state", "status"],
    ["seconds", TIME],
    ["name", "trial"],
  ]);
  const alias = aliases.get(wanted);
  if (alias !== undefined) return columns.filter((column) => column.key === alias);
  const parts = columns.filter(({ title }) => title.toLowerCase().split(/[/.]/).includes(wanted));
  if (parts.length > 0) return parts;
  return columns.filter(({ title }) => title.toLowerCase().includes(wanted));
}

function wantedNumber(text: string, column: Column): number | null {
  const special = new Map([
    ["nan", Number.NaN],
    ["inf", Number.POSITIVE_INFINITY],
    ["-inf", Number.NEGATIVE_INFINITY],
  ]).get(text.toLowerCase());
  if (special !== undefined) return special;
  const duration = column.key === TIME ? /^([\d.]+)\s*([smhd])$/.exec(text) : null;
  if (duration !== null) return Number(duration[1]) * (UNITS.get(duration[2] as string) ?? 1);
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? null : number;
}

function compare(value: Scalar | undefined, operator: string, wanted: number | string): boolean {
  if (operator === "!=") return !equal(value, wanted);
  if (operator === "=" || operator === "==") return equal(value, wanted);
  if (typeof value !== "number" || typeof wanted !== "number") return false;
  if (operator === ">") return value > wanted;
  if (operator === ">=") return value >= wanted;
  return operator === "<" ? value < wanted : value <= wanted;
}

/** 0.1 finds what is shown as 0.1: values that differ by rounding only are equal. */
function equal(value: Scalar | undefined, wanted: number | string): boolean {
  if (value === null || value === undefined) return wanted === "none" || wanted === "None";
  if (typeof wanted === "number" && typeof value === "number") {
    if (Number.isNaN(wanted)) return Number.isNaN(value);
    return value === wanted || Math.abs(value - wanted) <= 1e-9 * Math.abs(wanted);
  }
  return String(value).toLowerCase() === String(wanted).toLowerCase();
}
