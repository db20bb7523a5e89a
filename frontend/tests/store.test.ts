import { expect, it } from "vitest";
import { TrialStore } from "../src/data/store";
import type { CurveMessage } from "../src/protocol";
import { state, trial } from "./made";

function curve(more: Partial<CurveMessage>): CurveMessage {
  return { id: "t1", metric: "loss", from: 0, n: 0, ...more };
}

it("reads curves from a buffer that begins at any byte", () => {
  const numbers = Float32Array.from([9, 1, 2, 10, 20, 0.5, Number.NaN]);
  const bytes = new Uint8Array(numbers.byteLength + 1);
  bytes.set(new Uint8Array(numbers.buffer), 1);
  const store = new TrialStore();
  store.apply(state([trial(1)], { curves: [curve({ n: 2, at: 1 })] }), [
    new DataView(bytes.buffer, 1),
  ]);
  const read = store.curve("t1", "loss");
  expect([...(read?.iterations ?? [])]).toEqual([1, 2]);
  expect([...(read?.seconds ?? [])]).toEqual([10, 20]);
  expect([...(read?.values ?? [])]).toEqual([0.5, Number.NaN]);
});

it("reads values in double precision from the second buffer", () => {
  const first = Float32Array.from([1, 2, 10, 20]);
  const second = Float64Array.from([0, 0.1, 1e300]);
  const store = new TrialStore();
  store.apply(state([trial(1)], { curves: [curve({ n: 2, at: 0, f64: true, at64: 1 })] }), [
    first.buffer,
    second.buffer,
  ]);
  expect([...(store.curve("t1", "loss")?.values ?? [])]).toEqual([0.1, 1e300]);
});

it("replaces the points of a curve from a place on", () => {
  const store = new TrialStore();
  const points = { iterations: [1, 2, 3], seconds: [1, 2, 3], values: [3, "inf", "nan"] };
  store.apply(state([trial(1)], { curves: [curve({ n: 3, ...points })] }));
  const later = { iterations: [5, 6], seconds: [5, 6], values: [5, null] };
  store.apply({
    ...state([]),
    kind: "change",
    curves: [curve({ from: 2, n: 2, ...later })],
  });
  const read = store.curve("t1", "loss");
  expect([...(read?.iterations ?? [])]).toEqual([1, 2, 5, 6]);
  expect([...(read?.values ?? [])]).toEqual([3, Number.POSITIVE_INFINITY, 5, Number.NaN]);
});

it("changes some trials, removes others, and forgets all with a new state", () => {
  const store = new TrialStore();
  store.apply(state([trial(1), trial(2)]));
  store.apply({
    ...state([trial(2, { state: "done" }), trial(3)]),
    kind: "change",
    removed: ["t1"],
    perturbations: [{ id: "t2", iteration: 1, seconds: 1, before: {}, params: {}, from: null }],
  });
  expect([...store.trials.keys()]).toEqual(["t2", "t3"]);
  expect(store.trials.get("t2")?.state).toBe("done");
  expect(store.perturbations).toHaveLength(1);
  store.apply(state([trial(4)]));
  expect([...store.trials.keys()]).toEqual(["t4"]);
  expect(store.perturbations).toEqual([]);
});

it("says which curve came without its numbers", () => {
  const store = new TrialStore();
  expect(() => store.apply(state([], { curves: [curve({ n: 1, at: 0 })] }), [])).toThrow(
    "The curve loss of t1 came without its buffer.",
  );
});

it("keeps what a change leaves out", () => {
  const store = new TrialStore();
  store.apply(state([trial(1, { folder: "a", error: "bad" })]));
  store.apply({ ...state([]), kind: "change", trials: [{ id: "t1", iteration: 9 }] });
  expect(store.trials.get("t1")).toMatchObject({ name: "trial 1", iteration: 9, error: "bad" });
  expect(store.trials.get("t1")?.params.get("lr")).toBe(0.01);
});

it.each([
  ["trial_1", "/results/search/trial_1"],
  ["/elsewhere/trial_1", "/elsewhere/trial_1"],
  ["s3://bucket/trial_1", "s3://bucket/trial_1"],
])("finds the folder %s", (folder, whole) => {
  const store = new TrialStore();
  const info = { ...state([]).search, folder: "/results/search/" };
  store.apply({ ...state([trial(1, { folder })]), search: info });
  expect(store.trials.get("t1")?.folder).toBe(whole);
});
