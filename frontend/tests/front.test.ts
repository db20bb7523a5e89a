import { expect, it } from "vitest";
import { stretches, valueAt } from "../src/data/lineage";
import { busyShare, stays, workersOf } from "../src/data/occupancy";
import { paretoFront } from "../src/data/pareto";
import { TrialStore } from "../src/data/store";
import { safeUrl } from "../src/data/values";
import { state, trial } from "./made";

it.each([
  ["min", "min", [0, 2]],
  ["max", "min", [2, 3]],
  ["min", "max", [0, 1]],
] as const)("finds the front of %s and %s", (first, second, front) => {
  const points = [
    [1, 5],
    [2, 6],
    [3, 1],
    [4, 2],
    [null, 0],
    [4, 7],
  ] as const;
  const objectives = [
    { metric: "a", mode: first },
    { metric: "b", mode: second },
  ] as const;
  const found = paretoFront(
    first === "min" && second === "max" ? points.slice(0, 4) : points.slice(0, 5),
    objectives,
  );
  expect([...found].sort()).toEqual(front);
});

it("keeps twins, which do not beat each other", () => {
  const objectives = [
    { metric: "a", mode: "min" },
    { metric: "b", mode: "min" },
  ] as const;
  expect(
    paretoFront(
      [
        [1, 1],
        [1, 1],
        [2, 1],
      ],
      objectives,
    ),
  ).toEqual([0, 1]);
});

it("knows what a hyperparameter was before and after each perturbation", () => {
  const store = new TrialStore();
  store.apply(
    state([trial(1, { iteration: 30, params: { lr: 3 } }), trial(2, { iteration: 5 })], {
      perturbations: [
        { id: "t1", iteration: 20, seconds: 0, before: { lr: 2 }, params: { lr: 3 }, from: "t2" },
        { id: "t1", iteration: 10, seconds: 0, before: { lr: 1 }, params: { lr: 2 }, from: null },
      ],
    }),
  );
  const all = stretches([...store.trials.values()], store.perturbations, "lr");
  expect(all.map(({ from, to, value }) => [from, to, value])).toEqual([
    [0, 10, 1],
    [10, 20, 2],
    [20, 30, 3],
    [0, 5, 0.02],
  ]);
  expect([1, 10, 11, 30, 31].map((at) => valueAt(all, "t1", at))).toEqual([1, 1, 2, 3, undefined]);
});

it("knows how busy the workers were", () => {
  const store = new TrialStore();
  store.apply(
    state([
      trial(1, { spans: [[0, 5, "w10"]] }),
      trial(2, { spans: [[0, null, "w2"]] }),
      trial(3, { spans: [[2, 4, "w10"]] }),
    ]),
  );
  const all = stays([...store.trials.values()], 10);
  expect(workersOf(all)).toEqual(["w2", "w10"]);
  expect(busyShare(all)).toBe(0.75);
  expect(busyShare([])).toBe(0);
});

it.each([
  ["https://wandb.ai/a/b", "https://wandb.ai/a/b"],
  ["http://localhost:8080/x", "http://localhost:8080/x"],
  ["javascript:alert(1)", null],
  ["data:text/html,x", null],
  ["no address", null],
  [null, null],
])("opens %s as %s", (url, safe) => {
  expect(safeUrl(url)).toBe(safe);
});
