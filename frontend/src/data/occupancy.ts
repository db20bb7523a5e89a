import type { Trial } from "./store";

/** One stay of a trial on a worker, in seconds since 1970. */
export interface Stay {
  trial: Trial;
  worker: string;
  from: number;
  to: number;
  /** Whether the trial went on elsewhere, or again, later. */
  open: boolean;
}

/** The stays of all trials; what has not ended lasts until now. */
export function stays(trials: readonly Trial[], now: number): Stay[] {
  return trials.flatMap((trial) =>
    (trial.spans ?? []).map(([from, to, worker]) => ({
      trial,
      worker,
      from,
      to: Math.max(to ?? now, from),
      open: to === null,
    })),
  );
}

/** Workers in the order of their names, in which numbers count as numbers. */
export function workersOf(all: readonly Stay[]): string[] {
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  return [...new Set(all.map(({ worker }) => worker))].sort(compare);
}

/** The share of their time, from the first stay to the last, in which workers had a trial. */
export function busyShare(all: readonly Stay[]): number {
  let [first, last, busy] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const { from, to } of all) {
    first = Math.min(first, from);
    last = Math.max(last, to);
  }
  const workers = workersOf(all);
  for (const worker of workers) busy += covered(all.filter((stay) => stay.worker === worker));
  const whole = (last - first) * workers.length;
  return whole > 0 ? busy / whole : 0;
}

/** Trials that share a worker are busy together. */
function covered(own: readonly Stay[]): number {
  let [sum, end] = [0, Number.NEGATIVE_INFINITY];
  for (const { from, to } of [...own].sort((a, b) => a.from - b.from)) {
    sum += Math.max(to - Math.max(from, end), 0);
    end = Math.max(end, to);
  }
  return sum;
}
