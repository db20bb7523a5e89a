import type { Perturbation, Scalar } from "../protocol";
import type { Trial } from "./store";
import { toReported } from "./values";

/** One hyperparameter of one trial between two perturbations. */
export interface Stretch {
  trial: Trial;
  from: number;
  to: number;
  value: Scalar | undefined;
}

/** A trial went on from another one's state. */
export interface Copy {
  iteration: number;
  donor: string | null;
  receiver: string;
}

/** What a hyperparameter was in each trial over the iterations, as perturbations changed it. */
export function stretches(
  trials: readonly Trial[],
  perturbations: readonly Perturbation[],
  name: string,
): Stretch[] {
  const byTrial = grouped(perturbations);
  return trials.flatMap((trial) => {
    const own = byTrial.get(trial.id) ?? [];
    const result: Stretch[] = [];
    let start = 0;
    for (const perturbation of own) {
      const value = get(perturbation.before, name);
      result.push({ trial, from: start, to: perturbation.iteration, value });
      start = perturbation.iteration;
    }
    const last = own[own.length - 1];
    const value = last === undefined ? trial.params.get(name) : get(last.params, name);
    const to = Math.max(trial.iteration, start);
    return [...result, { trial, from: start, to, value: value ?? trial.params.get(name) }];
  });
}

export function copies(perturbations: readonly Perturbation[]): Copy[] {
  return perturbations.map(({ iteration, from, id }) => ({ iteration, donor: from, receiver: id }));
}

/** The value of a trial at an iteration: what it had until then. */
export function valueAt(
  all: readonly Stretch[],
  id: string,
  iteration: number,
): Scalar | undefined {
  return all.find((s) => s.trial.id === id && s.from < iteration && iteration <= s.to)?.value;
}

function grouped(perturbations: readonly Perturbation[]): Map<string, Perturbation[]> {
  const result = new Map<string, Perturbation[]>();
  for (const perturbation of perturbations) {
    result.set(perturbation.id, [...(result.get(perturbation.id) ?? []), perturbation]);
  }
  for (const list of result.values()) list.sort((a, b) => a.iteration - b.iteration);
  return result;
}

function get(record: Record<string, unknown>, name: string): Scalar | undefined {
  return Object.hasOwn(record, name) ? toReported(record[name]) : undefined;
}
