import { NO_SEARCH } from "../src/data/store";
import type {
  CurveMessage,
  ParamInfo,
  Perturbation,
  SearchInfo,
  Span,
  StateMessage,
  TrialMessage,
  TrialState,
} from "../src/protocol";

/** Made-up searches for the development page, the tests of pictures and the benchmark. */
export interface Made {
  message: StateMessage;
  buffers: ArrayBuffer[];
}

const START = 1_790_000_000;

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

function param(name: string, more: Partial<ParamInfo> = {}): ParamInfo {
  return { name, type: "number", integer: false, log: false, values: null, varies: true, ...more };
}

const PARAMS: ParamInfo[] = [
  param("lr", { log: true }),
  param("batch_size", { integer: true, values: [16, 32, 64, 128] }),
  param("optimizer/name", { type: "category", values: ["adam", "sgd", "rmsprop"] }),
  param("dropout"),
  param("layers", { integer: true }),
  param("epochs", { integer: true, varies: false }),
  param("dataset", { type: "text", varies: false }),
];

function messageOf(
  search: SearchInfo,
  trials: TrialMessage[],
  curves: CurveMessage[],
  perturbations: Perturbation[],
): StateMessage {
  return { kind: "state", revision: 1, search, trials, removed: [], curves, perturbations };
}

function search(name: string, more: Partial<SearchInfo> = {}): SearchInfo {
  return {
    ...NO_SEARCH,
    name,
    objectives: [{ metric: "accuracy", mode: "max" }],
    metrics: ["accuracy", "loss", "val/f1"],
    params: PARAMS,
    started: START,
    now: START + 754,
    canStop: true,
    columns: ["timesteps_total"],
    ...more,
  };
}

class Numbers {
  private readonly values: number[] = [];
  readonly curves: CurveMessage[] = [];

  add(id: string, metric: string, its: number[], secs: number[], ys: number[]): void {
    this.curves.push({ id, metric, from: 0, n: its.length, at: this.values.length });
    this.values.push(...its, ...secs, ...ys);
  }

  buffer(): ArrayBuffer {
    return Float32Array.from(this.values).buffer;
  }
}

interface Plan {
  count: number;
  steps: number;
  failures?: boolean;
  running?: boolean;
  metricsPerTrial?: number;
}

function generate(plan: Plan, info: SearchInfo): Made {
  const next = random(7);
  const numbers = new Numbers();
  const workers = Array.from({ length: 8 }, (_, i) => ({
    label: `node-${1 + (i >> 2)} / ${i % 4}`,
    free: START,
  }));
  const trials = Array.from({ length: plan.count }, (_, i) =>
    makeTrial(i, plan, next, numbers, workers),
  );
  for (const trial of trials) info.counts[trial.state] = (info.counts[trial.state] ?? 0) + 1;
  const message = messageOf(info, trials, numbers.curves, []);
  return { message, buffers: [numbers.buffer()] };
}

function stateOf(i: number, plan: Plan, value: number): TrialState {
  if (plan.failures && i % 10 === 7) return "failed";
  if (plan.running) {
    if (i >= plan.count - 3) return "pending";
    if (i >= plan.count - 9) return "running";
    if (i === plan.count - 10) return "paused";
  }
  return value < 0.3 ? "stopped" : "done";
}

function makeTrial(
  i: number,
  plan: Plan,
  next: () => number,
  numbers: Numbers,
  workers: { label: string; free: number }[],
): TrialMessage {
  const id = `a${(i + 4096).toString(16)}_${String(i).padStart(5, "0")}`;
  const lr = 10 ** (-5 + 4 * next());
  const batch = [16, 32, 64, 128][Math.floor(next() * 4)] as number;
  const optimizer = ["adam", "sgd", "rmsprop"][Math.floor(next() * 3)] as string;
  const dropout = next() * 0.6;
  const layers = 1 + Math.floor(next() * 6);
  const quality =
    Math.exp(-((Math.log10(lr) + 2.7) ** 2) / 1.5) *
    (optimizer === "adam" ? 1 : 0.82) *
    (1 - dropout / 3);
  const top = 0.1 + 0.8996 * Math.min(quality + next() * 0.06, 1);
  const state = stateOf(i, plan, quality);
  const steps =
    state === "pending"
      ? 0
      : state === "done"
        ? plan.steps
        : Math.max(2, Math.round(plan.steps * next()));
  const pace = 1 + next() * 3;
  const its = Array.from({ length: steps }, (_, k) => k + 1);
  const secs = its.map((k) => k * pace);
  const accuracy = its.map(
    (k) => top * (1 - Math.exp((-4 * k) / plan.steps)) + (next() - 0.5) * 0.015,
  );
  const loss = accuracy.map((a, k) =>
    i % 13 === 5 && k > steps / 2
      ? Number.NaN
      : -Math.log(Math.max(a, 1e-3)) * (i % 29 === 11 ? 40 : 1),
  );
  const f1 = accuracy.map((a) => a * 0.94);
  const named: [string, number[]][] = [
    ["accuracy", accuracy],
    ["loss", loss],
    ["val/f1", f1],
  ];
  if (steps > 0) {
    for (const [metric, values] of named.slice(0, plan.metricsPerTrial ?? 3))
      numbers.add(id, metric, its, secs, values);
    if (plan.count <= 1000)
      numbers.add(
        id,
        "timesteps_total",
        its,
        secs,
        its.map((k) => k * batch * 100),
      );
  }
  const last: Record<string, unknown> = {};
  if (steps > 0)
    for (const [metric, values] of named) last[metric] = json(values[values.length - 1] as number);
  const worker = workers.reduce((a, b) => (a.free <= b.free ? a : b));
  const begin = worker.free + 1 + next() * 5;
  const length = (secs[steps - 1] ?? 0) + 2;
  if (state !== "pending") worker.free = begin + length;
  return {
    id,
    name: `train_${id}`,
    number: i,
    experiment: null,
    state,
    params: {
      lr,
      batch_size: batch,
      "optimizer/name": optimizer,
      dropout,
      layers,
      epochs: 10,
      dataset: "s3://bucket/mnist",
    },
    iteration: steps,
    seconds: secs[steps - 1] ?? 0,
    last,
    error: state === "failed" ? TRACE : null,
    url: `https://wandb.ai/team/mnist/runs/${id}`,
    folder: `/home/user/ray_results/mnist_search/train_${id}_2026-11-27`,
    spans:
      state === "pending"
        ? []
        : [[begin, state === "running" ? null : begin + length, worker.label]],
  };
}

const TRACE = `Traceback (most recent call last):
  File "/home/user/train.py", line 88, in train
    loss = step(model, batch)
  File "/home/user/train.py", line 41, in step
    raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB <b>(GPU 0)</b>")
RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB <b>(GPU 0)</b>`;

function json(value: number): number | string {
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? value : value > 0 ? "inf" : "-inf";
}

const IMPORTANCE = [
  { name: "lr", value: 0.61 },
  { name: "optimizer/name", value: 0.19 },
  { name: "dropout", value: 0.12 },
  { name: "layers", value: 0.05 },
  { name: "batch_size", value: 0.03 },
];

function population(): Made {
  const info = search("population_based_training", {
    params: [param("lr", { log: true }), param("momentum")],
    expected: 8,
    importanceNote: "",
  });
  const next = random(3);
  const numbers = new Numbers();
  const perturbations: Perturbation[] = [];
  const state = Array.from({ length: 8 }, () => ({
    lr: 10 ** (-4 + 3 * next()),
    momentum: 0.5 + next() * 0.49,
    value: 0.1,
  }));
  const history = state.map(() => [] as number[]);
  const ids = state.map((_, i) => `pbt_${String(i).padStart(5, "0")}`);
  for (let step = 1; step <= 60; step++) {
    state.forEach((s, i) => {
      s.value +=
        (0.02 * Math.exp(-((Math.log10(s.lr) + 2) ** 2)) + (next() - 0.5) * 0.006) * (1 - s.value);
      history[i]?.push(s.value);
    });
    if (step % 10 !== 0 || step === 60) continue;
    const order = state.map((s, i) => [s.value, i] as const).sort((a, b) => a[0] - b[0]);
    for (const k of [0, 1]) {
      const [loser, winner] = [order[k]?.[1] ?? 0, order[7 - k]?.[1] ?? 0];
      const [from, to] = [state[winner], state[loser]];
      if (from === undefined || to === undefined) continue;
      const before = { lr: to.lr, momentum: to.momentum };
      Object.assign(to, {
        lr: from.lr * (next() < 0.5 ? 0.8 : 1.2),
        momentum: Math.min(from.momentum * (next() < 0.5 ? 0.9 : 1.1), 0.99),
        value: from.value,
      });
      perturbations.push({
        id: ids[loser] ?? "",
        iteration: step,
        seconds: step * 2,
        before,
        params: { lr: to.lr, momentum: to.momentum },
        from: ids[winner] ?? null,
      });
    }
  }
  const trials = state.map((s, i): TrialMessage => {
    const its = Array.from({ length: 60 }, (_, k) => k + 1);
    const secs = its.map((k) => k * 2);
    numbers.add(ids[i] ?? "", "accuracy", its, secs, history[i] ?? []);
    const spans: Span[] = [0, 1, 2].map((k) => [
      START + k * 45 + i,
      START + k * 45 + 40 + i,
      `node-1 / ${(i + k) % 4}`,
    ]);
    return {
      id: ids[i] ?? "",
      name: `train_${ids[i]}`,
      number: i,
      state: "running",
      params: { lr: s.lr, momentum: s.momentum },
      iteration: 60,
      seconds: 120,
      last: { accuracy: s.value },
      error: null,
      url: null,
      folder: `/tmp/ray_results/pbt/${ids[i]}`,
      spans,
    };
  });
  info.counts.running = 8;
  info.metrics = ["accuracy"];
  info.columns = [];
  const message = messageOf(info, trials, numbers.curves, perturbations);
  return { message, buffers: [numbers.buffer()] };
}

function pareto(): Made {
  const made = generate(
    { count: 60, steps: 15 },
    search("accuracy_against_latency", {
      objectives: [
        { metric: "accuracy", mode: "max" },
        { metric: "latency_ms", mode: "min" },
      ],
      metrics: ["accuracy", "latency_ms", "loss", "val/f1"],
      importance: IMPORTANCE,
      ended: START + 700,
      canStop: false,
    }),
  );
  const trials = made.message.trials as TrialMessage[];
  for (const trial of trials) {
    const layers = trial.params["layers"] as number;
    trial.last["latency_ms"] =
      4 + layers * 3 + ((trial.number * 37) % 11) + (trial.last["accuracy"] as number) * 9;
  }
  for (const trial of trials) {
    trial.front = !trials.some(
      (o) =>
        (o.last["accuracy"] as number) > (trial.last["accuracy"] as number) &&
        (o.last["latency_ms"] as number) < (trial.last["latency_ms"] as number),
    );
  }
  return made;
}

function hostile(): Made {
  const long = "n".repeat(500);
  const names = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "__proto__",
    "constructor",
    "متغير تجريبي",
    "🚀 rocket",
    long,
  ];
  const made = generate(
    { count: 12, steps: 8, failures: true },
    search('<img src=x onerror="alert(1)"> שלום 🚀', {
      error: "<b>Bad</b> <script>alert(2)</script>",
      note: "note & <i>more</i>",
    }),
  );
  const info = made.message.search;
  const trials = made.message.trials as TrialMessage[];
  info.params = names.map((name, i) => param(name, i % 2 === 0 ? { type: "category" } : {}));
  info.metrics = ["accuracy", "<svg onload=alert(3)>", "__proto__"];
  info.importance = names.slice(0, 4).map((name, i) => ({ name, value: 0.4 - i * 0.1 }));
  trials.forEach((trial, i) => {
    trial.name = [
      `<img src=x onerror=alert(${i})>`,
      `${"very_long_name_".repeat(34)}${i}`,
      `ניסוי ${i} 🚀`,
      `trial ${i}`,
    ][i % 4] as string;
    trial.params = JSON.parse(
      `{${names.map((name, k) => `${JSON.stringify(name)}: ${k % 2 === 0 ? JSON.stringify(`<b>${"x".repeat(k * 9)}${i % 3}`) : i / 7}`).join(",")}}`,
    ) as Record<string, unknown>;
    trial.last = JSON.parse(
      `{"accuracy": ${["0.5", '"nan"', '"inf"', "null", '"text now"', "0.99996", "0.99995"][i % 7]}, "__proto__": ${i}, "<svg onload=alert(3)>": "-inf"}`,
    ) as Record<string, unknown>;
    trial.url = i % 2 === 0 ? "javascript:alert(4)" : "https://wandb.ai/x/y/runs/1?<script>";
  });
  return made;
}

export const STATES: Record<string, () => Made> = {
  empty: () =>
    generate(
      { count: 0, steps: 0 },
      search("waiting_for_workers", { expected: 40, params: [], metrics: [] }),
    ),
  one: () =>
    generate(
      { count: 1, steps: 12 },
      search("one_trial", { expected: 1, ended: START + 60, canStop: false }),
    ),
  failures: () =>
    generate(
      { count: 40, steps: 30, failures: true, running: true },
      search("mnist_search", { expected: 64, importance: IMPORTANCE, importanceNote: "" }),
    ),
  thousand: () =>
    generate(
      { count: 1000, steps: 100, failures: true },
      search("big_search", { importance: IMPORTANCE, ended: START + 9000, canStop: false }),
    ),
  tenthousand: () =>
    generate(
      { count: 10_000, steps: 20, failures: true, metricsPerTrial: 1 },
      search("huge_search", { importance: IMPORTANCE, ended: START + 90_000, canStop: false }),
    ),
  pbt: population,
  pareto,
  hostile,
  compare: () => {
    const made = generate(
      { count: 45, steps: 20 },
      search("3 experiments", { importance: IMPORTANCE, ended: START + 900, canStop: false }),
    );
    const names = ["random search", "ASHA", "a_rather_long_experiment_name_2026-11-27"];
    for (const trial of made.message.trials) {
      trial.experiment = names[(trial.number ?? 0) % 3] ?? null;
    }
    return made;
  },
  noparams: () => {
    const made = generate(
      { count: 6, steps: 20 },
      search("repeats", { params: [], importance: [] }),
    );
    for (const trial of made.message.trials) trial.params = {};
    return made;
  },
};
