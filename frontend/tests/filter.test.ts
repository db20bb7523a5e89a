import { expect, it } from "vitest";
import { Model } from "../src/state/model";
import { param, search, state, trial } from "./made";

function filtered(text: string, model = made()): string[] {
  model.setFilter(text);
  return model.shown.map(({ id }) => id);
}

function made(): Model {
  const model = new Model();
  model.apply(
    state([
      trial(1),
      trial(2),
      trial(3, { error: "CUDA out of memory", state: "failed" }),
      trial(4, { last: { loss: "nan" } }),
      trial(5, { last: {} }),
    ]),
  );
  return model;
}

it.each([
  ["", ["t1", "t2", "t3", "t4", "t5"]],
  ["adam", ["t2", "t4"]],
  ["optimizer = ADAM", ["t2", "t4"]],
  ["optimizer != adam", ["t1", "t3", "t5"]],
  ["lr > 0.02", ["t3", "t4", "t5"]],
  ["lr>=0.02 lr<0.04", ["t2", "t3"]],
  ["lr >= 0.02 and optimizer = sgd", ["t3", "t5"]],
  ["LR = 0.03", ["t3"]],
  ["loss = nan", ["t4"]],
  ["loss = none", ["t5"]],
  ["loss < 3", ["t1", "t2"]],
  ["status = failed", ["t3"]],
  ["cuda", ["t3"]],
  ["time > 2m", ["t3", "t4", "t5"]],
  ['"trial 2"', ["t2"]],
  ["nothing-like-it", []],
])("%s", (text, ids) => {
  expect(filtered(text)).toEqual(ids);
});

it("finds a nested name by a part of it", () => {
  const model = new Model();
  const info = search({ params: [param("optimizer/lr"), param("batch size")] });
  const params = { "optimizer/lr": 0.1, "batch size": 32 };
  model.apply({ ...state([trial(1, { params })]), search: info });
  expect(filtered("lr = 0.1", model)).toEqual(["t1"]);
  expect(filtered("optimizer = 0.1", model)).toEqual(["t1"]);
  expect(filtered("batch = 32", model)).toEqual(["t1"]);
  filtered("i = 32", model);
  expect(model.filter.problems[0]).toMatch('"i" may be');
  expect(filtered('"batch size" > 32', model)).toEqual([]);
});

it("says what it does not understand, and leaves it out", () => {
  const model = made();
  expect(filtered("lrr > 1 adam", model)).toEqual(["t2", "t4"]);
  expect(model.filter.problems).toEqual(['There is no column "lrr".']);
  filtered("lr > many", model);
  expect(model.filter.problems).toEqual(['> needs a number, but got "many".']);
});

it("combines with the chips of states", () => {
  const model = made();
  model.toggleState("failed");
  expect(filtered("sgd", model)).toEqual(["t3"]);
  model.clearFilter();
  expect(model.shown).toHaveLength(5);
});
