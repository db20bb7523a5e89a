import type { Perturbation, Scalar, SearchInfo, StateMessage, TrialMessage } from "../protocol";
import { type Buffer, type Curve, patchCurve } from "./curves";
import { entries, toReported, toScalar } from "./values";

/** A trial as it is shown: its values by name, in Maps. */
export interface Trial extends Omit<TrialMessage, "params" | "last"> {
  params: Map<string, Scalar>;
  last: Map<string, Scalar>;
}

const NO_SEARCH: SearchInfo = {
  name: "",
  objectives: [],
  metrics: [],
  params: [],
  counts: {},
  expected: null,
  started: null,
  ended: null,
  now: 0,
  canStop: false,
  stopping: false,
  note: "",
  error: null,
  dropped: 0,
  importance: [],
  importanceNote: "",
  columns: [],
};

/** Everything that Python has sent so far. */
export class TrialStore {
  search: SearchInfo = NO_SEARCH;
  readonly trials = new Map<string, Trial>();
  perturbations: Perturbation[] = [];
  /** Whether any state has arrived. */
  filled = false;
  private readonly curves = new Map<string, Map<string, Curve>>();

  apply(message: StateMessage, buffers: readonly Buffer[] = []): void {
    if (message.kind === "state") this.clear();
    this.filled = true;
    this.search = { ...NO_SEARCH, ...message.search };
    for (const id of message.removed ?? []) {
      this.trials.delete(id);
      this.curves.delete(id);
    }
    for (const trial of message.trials) this.trials.set(trial.id, toTrial(trial));
    for (const curve of message.curves ?? []) {
      const known = this.curves.get(curve.id) ?? new Map<string, Curve>();
      known.set(curve.metric, patchCurve(known.get(curve.metric), curve, buffers));
      this.curves.set(curve.id, known);
    }
    if (message.perturbations?.length) {
      this.perturbations = [...this.perturbations, ...message.perturbations];
    }
  }

  curve(id: string, metric: string): Curve | undefined {
    return this.curves.get(id)?.get(metric);
  }

  /** The names for which some trial has a curve. */
  curveNames(): Set<string> {
    const names = new Set<string>();
    for (const curves of this.curves.values()) for (const name of curves.keys()) names.add(name);
    return names;
  }

  private clear(): void {
    this.trials.clear();
    this.curves.clear();
    this.perturbations = [];
  }
}

function toTrial(message: TrialMessage): Trial {
  return {
    ...message,
    params: entries(message.params, toReported),
    last: entries(message.last, toReported),
    spans: message.spans ?? [],
    error: message.error === null ? null : String(toScalar(message.error)),
  };
}
