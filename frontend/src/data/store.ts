import type { Perturbation, Scalar, SearchInfo, StateMessage, TrialMessage } from "../protocol";
import { type Buffer, type Curve, patchCurve } from "./curves";
import { entries, toReported, toScalar } from "./values";

/** A trial as it is shown: its values by name, in Maps. */
export interface Trial extends Omit<TrialMessage, "params" | "last"> {
  params: Map<string, Scalar>;
  last: Map<string, Scalar>;
}

export const NO_SEARCH: SearchInfo = {
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

const NO_TRIAL: Omit<TrialMessage, "id"> = {
  name: "",
  number: 0,
  state: "pending",
  params: {},
  iteration: 0,
  seconds: 0,
  last: {},
  error: null,
  url: null,
  folder: null,
  spans: [],
};

/** Everything that Python has sent so far. */
export class TrialStore {
  search: SearchInfo = NO_SEARCH;
  readonly trials = new Map<string, Trial>();
  perturbations: Perturbation[] = [];
  /** Whether any state has arrived. */
  filled = false;
  private readonly received = new Map<string, TrialMessage>();
  private readonly curves = new Map<string, Map<string, Curve>>();

  apply(message: StateMessage, buffers: readonly Buffer[] = []): void {
    if (message.kind === "state") this.clear();
    this.filled = true;
    this.search = { ...NO_SEARCH, ...message.search };
    for (const id of message.removed ?? []) {
      this.trials.delete(id);
      this.received.delete(id);
      this.curves.delete(id);
    }
    for (const news of message.trials) {
      const trial = { ...NO_TRIAL, ...this.received.get(news.id), ...news };
      this.received.set(news.id, trial);
      this.trials.set(news.id, toTrial(trial, this.search.folder ?? ""));
    }
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
    this.received.clear();
    this.curves.clear();
    this.perturbations = [];
  }
}

function toTrial(message: TrialMessage, folder: string): Trial {
  return {
    ...message,
    params: entries(message.params, toReported),
    last: entries(message.last, toReported),
    error: message.error === null ? null : String(toScalar(message.error)),
    folder: message.folder === null ? null : inFolder(folder, message.folder),
  };
}

function inFolder(parent: string, folder: string): string {
  const whole = parent === "" || folder.startsWith("/") || folder.includes("://");
  return whole ? folder : `${parent.replace(/\/$/, "")}/${folder}`;
}
