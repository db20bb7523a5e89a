import { expect, it } from "vitest";
import { dimensionOf } from "../src/plot/dimension";
import { categoryScale, numberScale } from "../src/plot/scales";
import type { ParamInfo, TrialMessage } from "../src/protocol";
import { Model } from "../src/state/model";
import { param, search, state, trial } from "./made";

it("has no place for what is no number", () => {
  const scale = numberScale([1, 10], [0, 100]);
  expect([null, undefined, "x", Number.NaN, Number.POSITIVE_INFINITY].map(scale.at)).toEqual(
    Array(5).fill(null),
  );
  expect(scale.at(10)).toBe(100);
});

it("has no place for zero on a log axis, and no log axis without positive numbers", () => {
  const scale = numberScale([0.001, 0, 1], [0, 90], { log: true });
  expect([scale.at(0), scale.at(-1), scale.at(0.001), scale.at(1)]).toEqual([null, null, 0, 90]);
  expect(numberScale([-1, 0], [0, 1], { log: true }).kind).toBe("linear");
});

it("writes ticks that differ", () => {
  for (const values of [
    [0.04, 0.94],
    [0, 1e9],
    [1e-9, 3e-9],
    [0.99991, 0.99999],
    [5, 5],
  ]) {
    const texts = numberScale(values, [0, 300], { ticks: 4 }).ticks.map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
  }
  expect(numberScale([0.04, 0.94], [0, 100], { ticks: 2 }).ticks.map(({ text }) => text)).toEqual([
    "0.5",
  ]);
});

it("has no ticks between whole numbers where there is nothing", () => {
  const texts = (values: number[]): string[] =>
    numberScale(values, [0, 300], { whole: true }).ticks.map(({ text }) => text);
  expect(texts([1, 4])).toEqual(["1", "2", "3", "4"]);
  expect(texts([3, 3])).toEqual(["2", "3", "4"]);
});

it("names categories", () => {
  const scale = categoryScale([16, true, null, "adam", "adam"], [0, 100]);
  expect(scale.ticks.map(({ text }) => text)).toEqual(["16", "True", "None", "adam"]);
  expect(scale.at("sgd")).toBeNull();
});

function dimension(info: ParamInfo, values: unknown[]): ReturnType<typeof dimensionOf> {
  const model = new Model();
  const trials = values.map(
    (value, i): TrialMessage => trial(i, { params: { [info.name]: value } }),
  );
  model.apply({ ...state(trials), search: search({ params: [info] }) });
  const column = model.column(`param:${info.name}`);
  return column === undefined ? null : dimensionOf(column, model.shown);
}

it("takes the values of a choice as categories, in their order", () => {
  const batch = dimension(param("batch", { values: [64, 16, 32] }), [32, 16]);
  expect(batch?.categories).toEqual([16, 32, 64]);
  const names = dimension(param("name", { type: "category", values: ["b", "a"] }), ["a"]);
  expect(names?.categories).toEqual(["b", "a"]);
});

it("draws no axis of a hundred texts, nor of nothing", () => {
  const texts = Array.from({ length: 100 }, (_, i) => `text ${i}`);
  expect(dimension(param("text", { type: "text" }), texts)).toBeNull();
  expect(dimension(param("lr"), [null, null])).toBeNull();
});

it("takes the log axis from the distribution", () => {
  expect(dimension(param("lr", { log: true }), [0.1, 0.2])?.log).toBe(true);
  expect(dimension(param("lr"), [0.0001, 1000])?.log).toBe(false);
});
