/** What Python sends: a whole state, or a change of it. Python's side is widgets/dashboard. */

export type Scalar = number | string | boolean | null;
export type TrialState = "running" | "pending" | "paused" | "done" | "failed" | "stopped";

export const TRIAL_STATES: readonly TrialState[] = [
  "running",
  "pending",
  "paused",
  "done",
  "stopped",
  "failed",
];

export interface Objective {
  metric: string;
  mode: "min" | "max";
}

export interface ParamInfo {
  name: string;
  type: "number" | "category" | "text";
  integer: boolean;
  log: boolean;
  values: Scalar[] | null;
  varies: boolean;
}

export interface SearchInfo {
  name: string;
  objectives: Objective[];
  metrics: string[];
  params: ParamInfo[];
  counts: Partial<Record<TrialState, number>>;
  expected: number | null;
  /** Seconds since 1970, like every moment here. */
  started: number | null;
  ended: number | null;
  now: number;
  canStop: boolean;
  /** Whether single trials can be stopped; if absent, where the search can. */
  canStopTrials?: boolean;
  /** Pages of the search in W&B. */
  links?: { text: string; url: string }[];
  /** What a trial's folder that is not absolute is in. */
  folder?: string;
  stopping: boolean;
  note: string;
  error: string | null;
  /** Trials that are counted but not listed. */
  dropped: number;
  importance: { name: string; value: number }[];
  importanceNote: string;
  /** Numeric keys of results, other than metrics, that can be an x axis. */
  columns: string[];
}

export type Span = [start: number, end: number | null, worker: string];

export interface TrialMessage {
  id: string;
  name: string;
  number: number;
  experiment?: string | null;
  state: TrialState;
  params: Record<string, unknown>;
  iteration: number;
  seconds: number;
  last: Record<string, unknown>;
  error: string | null;
  errorTooLong?: boolean;
  url: string | null;
  folder: string | null;
  spans?: Span[];
  front?: boolean;
}

export interface CurveMessage {
  id: string;
  metric: string;
  from: number;
  n: number;
  /** Where the numbers begin in the first buffer, in float32 elements. */
  at?: number;
  f64?: boolean;
  /** Where the values begin in the second buffer, in float64 elements, if `f64`. */
  at64?: number;
  iterations?: number[];
  seconds?: number[];
  values?: (number | string | null)[];
}

export interface Perturbation {
  id: string;
  iteration: number;
  seconds: number;
  before: Record<string, unknown>;
  params: Record<string, unknown>;
  from: string | null;
}

export interface StateMessage {
  kind: "state" | "change";
  revision: number;
  search: SearchInfo;
  /** In a change, a known trial may leave out what has not changed. */
  trials: (Pick<TrialMessage, "id"> & Partial<TrialMessage>)[];
  removed?: string[];
  curves?: CurveMessage[];
  perturbations?: Perturbation[];
}

/** A state in the form in which it is saved: gzip of JSON, in the first buffer. */
export interface PackedMessage {
  kind: "packed";
  revision: number;
}

export type Request =
  /** `again`: no state has arrived since the first question. */
  | { kind: "ready"; again?: true }
  | { kind: "stop" }
  | {
      kind: "stop-trial";
      id: string;
    };
