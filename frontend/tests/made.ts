import { NO_SEARCH } from "../src/data/store";
import type { ParamInfo, SearchInfo, StateMessage, TrialMessage } from "../src/protocol";

export function param(name: string, more: Partial<ParamInfo> = {}): ParamInfo {
  return { name, type: "number", integer: false, log: false, values: null, varies: true, ...more };
}

export function search(more: Partial<SearchInfo> = {}): SearchInfo {
  return {
    ...NO_SEARCH,
    name: "search",
    objectives: [{ metric: "loss", mode: "min" }],
    metrics: ["loss"],
    params: [param("lr"), param("optimizer", { type: "category" })],
    started: 0,
    now: 10,
    canStop: true,
    ...more,
  };
}

export function trial(number: number, more: Partial<TrialMessage> = {}): TrialMessage {
  return {
    id: `t${number}`,
    name: `trial ${number}`,
    number,
    state: "running",
    params: { lr: number / 100, optimizer: number % 2 === 0 ? "adam" : "sgd" },
    iteration: number,
    seconds: number * 60,
    last: { loss: number },
    error: null,
    url: null,
    folder: null,
    spans: [],
    ...more,
  };
}

export function state(trials: TrialMessage[], more: Partial<StateMessage> = {}): StateMessage {
  return { kind: "state", revision: 1, search: search(), trials, ...more };
}
