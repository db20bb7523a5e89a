import { expect, it, vi } from "vitest";
import { hiddenAtFirst } from "../src/data/columns";
import { Model } from "../src/state/model";
import { param, search, state, trial } from "./made";

function ids(model: Model): string[] {
  return model.shown.map(({ id }) => id);
}

it("sorts by the tuned metric, the best first; what has no value comes last either way", () => {
  const model = new Model();
  const lasts = [
    { loss: 2 },
    { loss: "nan" },
    { loss: -1 },
    {},
    { loss: "-inf" },
    { loss: "text" },
  ];
  model.apply(state(lasts.map((last, i) => trial(i, { last }))));
  expect(ids(model)).toEqual(["t4", "t2", "t0", "t5", "t1", "t3"]);
  model.sortBy("metric:loss");
  expect(ids(model)).toEqual(["t0", "t2", "t4", "t5", "t1", "t3"]);
});

it("sorts texts with their numbers as numbers", () => {
  const model = new Model();
  model.apply(state(["b10", "b9", "a"].map((name, i) => trial(i, { name }))));
  model.sortBy("trial");
  expect(model.shown.map(({ name }) => name)).toEqual(["a", "b9", "b10"]);
});

it("ranks trials from the worst to the best, without those that have no value", () => {
  const model = new Model();
  model.apply(state([trial(1), trial(2), trial(3), trial(4, { last: { loss: "inf" } })]));
  expect([1, 2, 3, 4].map((n) => model.goodnessOf(`t${n}`))).toEqual([1, 0.5, 0, undefined]);
});

it("hides what is the same in all trials, until somebody wants it", () => {
  const model = new Model();
  const info = search({ params: [param("lr"), param("epochs", { varies: false })] });
  model.apply({ ...state([trial(1)]), search: info });
  expect([...hiddenAtFirst(info)]).toEqual(["param:epochs"]);
  const epochs = model.column("param:epochs");
  if (epochs === undefined) throw new Error("The column is missing.");
  model.hide(epochs.key, false);
  expect(model.isHidden(epochs)).toBe(false);
});

it("tells of a selection once, and keeps its order", () => {
  const model = new Model();
  model.apply(state([trial(1), trial(2), trial(3)]));
  const heard = vi.fn();
  model.on(["selection"], heard);
  model.select(["t3", "t1", "t3"]);
  model.select(["t3", "t1"]);
  expect(model.selected).toEqual(["t3", "t1"]);
  expect(heard).toHaveBeenCalledTimes(1);
  model.toggleSelected("t3");
  expect(model.selected).toEqual(["t1"]);
});

it("shows only the selected trials, and all again when there is no selection", () => {
  const model = new Model();
  model.apply(state([trial(1), trial(2)]));
  model.select(["t2"]);
  model.showOnlySelected(true);
  expect(ids(model)).toEqual(["t2"]);
  model.select([]);
  expect(ids(model)).toEqual(["t1", "t2"]);
});

it("colours trials by their experiments where there are several", () => {
  const model = new Model();
  model.apply(state([trial(1, { experiment: "a" }), trial(2, { experiment: "a" })]));
  expect(model.colorBy).toBe("rank");
  model.apply(state([trial(1, { experiment: "b" }), trial(2, { experiment: "a" })]));
  expect([model.colorBy, model.experiments]).toEqual(["experiment", ["a", "b"]]);
  model.setColorBy("rank");
  expect(model.colorBy).toBe("rank");
});

it("takes names that objects have already", () => {
  const model = new Model();
  const names = ["__proto__", "constructor", "toString"];
  const info = search({ params: names.map((name) => param(name)), objectives: [], metrics: names });
  const values = JSON.parse('{"__proto__": 1, "constructor": 2}') as Record<string, unknown>;
  model.apply({ ...state([trial(1, { params: values, last: values })]), search: info });
  const shown = names.map((name) => model.column(`param:${name}`)?.value(model.shown[0] as never));
  expect(shown).toEqual([1, 2, undefined]);
  model.setFilter("constructor = 2");
  expect(ids(model)).toEqual(["t1"]);
});

it("has no columns but its own for a search without anything", () => {
  const model = new Model();
  model.apply({ ...state([]), search: search({ objectives: [], metrics: [], params: [] }) });
  expect(model.columns.map(({ key }) => key)).toEqual(["trial", "status", "iteration", "time"]);
});
