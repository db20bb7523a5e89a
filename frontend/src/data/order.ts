import type { Scalar } from "../protocol";
import type { Column } from "./columns";
import type { Trial } from "./store";

export interface Sort {
  key: string;
  descending: boolean;
}

/** Numbers before texts before NaN before nothing, whichever way they are sorted. */
function rank(value: Scalar | undefined): number {
  if (value === null || value === undefined) return 3;
  if (typeof value === "number") return Number.isNaN(value) ? 2 : 0;
  return 1;
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export function compareValues(
  a: Scalar | undefined,
  b: Scalar | undefined,
  descending: boolean,
): number {
  const [left, right] = [rank(a), rank(b)];
  if (left !== right) return left - right;
  if (left > 1) return 0;
  const sign = descending ? -1 : 1;
  if (left === 0) return sign * Math.sign((a as number) - (b as number) || 0);
  return sign * collator.compare(String(a), String(b));
}

/** The trials in the order of one column; equal ones in the order in which they were made. */
export function sortTrials(
  trials: readonly Trial[],
  column: Column | undefined,
  descending: boolean,
): Trial[] {
  const decorated = trials.map((trial) => ({ trial, value: column?.value(trial) }));
  decorated.sort(
    (a, b) => compareValues(a.value, b.value, descending) || a.trial.number - b.trial.number,
  );
  return decorated.map(({ trial }) => trial);
}
