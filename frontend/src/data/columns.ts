import type { ParamInfo, Scalar, SearchInfo } from "../protocol";
import type { Trial } from "./store";

export type ColumnKind = "trial" | "fact" | "metric" | "param";

/** A column of the table, which is also what axes and filters are made of. */
export interface Column {
  /** Distinct even where a metric and a hyperparameter share a name. */
  key: string;
  title: string;
  kind: ColumnKind;
  value: (trial: Trial) => Scalar | undefined;
  /** Set for hyperparameters. */
  param?: ParamInfo;
}

export const NAME = "trial";
export const STATE = "status";
export const ITERATION = "iteration";
export const TIME = "time";
export const EXPERIMENT = "experiment";
export const FRONT = "front";

/** More columns than this start hidden: nobody scrolls through a hundred. */
const SHOWN_PARAMS = 16;
const SHOWN_METRICS = 8;

export function metricKey(name: string): string {
  return `metric:${name}`;
}

export function paramKey(name: string): string {
  return `param:${name}`;
}

/** Every column there is, in the order in which they are shown. */
export function allColumns(search: SearchInfo, trials: Iterable<Trial>): Column[] {
  const columns: Column[] = [
    { key: NAME, title: "trial", kind: "trial", value: (t) => t.name },
    { key: STATE, title: "status", kind: "fact", value: (t) => t.state },
  ];
  if (hasExperiments(trials)) {
    columns.push({
      key: EXPERIMENT,
      title: "experiment",
      kind: "fact",
      value: (t) => t.experiment ?? null,
    });
  }
  const tuned = new Set(search.objectives.map((o) => o.metric));
  const [first, others] = [[...tuned], search.metrics.filter((name) => !tuned.has(name))];
  columns.push(...first.map(metricColumn));
  if (tuned.size > 1) {
    columns.push({
      key: FRONT,
      title: "front",
      kind: "fact",
      value: (t) => (t.front === true ? "on the front" : null),
    });
  }
  columns.push(
    { key: ITERATION, title: "iteration", kind: "fact", value: (t) => t.iteration },
    { key: TIME, title: "time", kind: "fact", value: (t) => t.seconds },
    ...search.params.map(paramColumn),
    ...others.map(metricColumn),
  );
  return columns;
}

function hasExperiments(trials: Iterable<Trial>): boolean {
  for (const trial of trials) if (trial.experiment) return true;
  return false;
}

function metricColumn(name: string): Column {
  return { key: metricKey(name), title: name, kind: "metric", value: (t) => t.last.get(name) };
}

function paramColumn(param: ParamInfo): Column {
  const value = (t: Trial): Scalar | undefined => t.params.get(param.name);
  return { key: paramKey(param.name), title: param.name, kind: "param", param, value };
}

/** What is hidden before anybody chooses: constant hyperparameters, and what is too much. */
export function hiddenAtFirst(search: SearchInfo): Set<string> {
  const hidden = new Set<string>();
  let shown = 0;
  for (const param of search.params) {
    if (!param.varies || ++shown > SHOWN_PARAMS) hidden.add(paramKey(param.name));
  }
  const tuned = new Set(search.objectives.map((o) => o.metric));
  const others = search.metrics.filter((name) => !tuned.has(name));
  for (const name of others.slice(SHOWN_METRICS)) hidden.add(metricKey(name));
  return hidden;
}
