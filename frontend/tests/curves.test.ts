import { expect, it } from "vitest";
import { innerRange } from "../src/charts/curve_lines";
import { bestSoFar, columnAt, smoothed } from "../src/data/curves";

const of = (...values: number[]): Float64Array => Float64Array.from(values);

it("finds where the best value of all trials gets better", () => {
  const curves = [
    { x: of(1, 2, 3), y: of(5, 4, 6) },
    { x: of(1, 3), y: of(Number.NaN, 1) },
  ];
  const best = bestSoFar(curves, "min");
  expect([...best.x]).toEqual([1, 2, 3]);
  expect([...best.y]).toEqual([5, 4, 1]);
  expect([...bestSoFar(curves, "max").y]).toEqual([5, 6]);
});

it("goes on with the best value to the end", () => {
  const best = bestSoFar([{ x: of(1, 2, 3), y: of(1, 2, 3) }], "min");
  expect([[...best.x], [...best.y]]).toEqual([
    [1, 3],
    [1, 1],
  ]);
});

it("has nothing of nothing", () => {
  expect(bestSoFar([], "min").x).toHaveLength(0);
  expect(bestSoFar([{ x: of(1), y: of(Number.NaN) }], "min").x).toHaveLength(0);
});

it("smooths without pulling the start to zero, and keeps gaps", () => {
  expect([...smoothed(of(4, 4, 4), 0.9)].map((v) => v.toFixed(6))).toEqual(
    Array(3).fill("4.000000"),
  );
  const gaps = smoothed(of(1, Number.NaN, 3), 0.5);
  expect(gaps[1]).toBeNaN();
  expect(gaps[2]).toBeCloseTo(7 / 3, 10);
  const same = of(1, 2);
  expect(smoothed(same, 0)).toBe(same);
});

it("finds another column's value at a curve's iterations", () => {
  const column = { iterations: of(1, 3), seconds: of(0, 0), values: of(100, 300) };
  expect([...columnAt(column, of(1, 2, 3, 4))]).toEqual([100, 200, 300, Number.NaN]);
  expect([...columnAt(undefined, of(1))]).toEqual([Number.NaN]);
});

it("leaves far values out of the picture, but never the best", () => {
  const y = Float64Array.from({ length: 200 }, (_, i) => 1 + (i % 10) / 10);
  y[0] = 1e9;
  const lines = [{ x: y, y }];
  expect(innerRange(lines, { metric: "loss", mode: "min" })?.[1]).toBeLessThan(3);
  expect(innerRange(lines, { metric: "reward", mode: "max" })).toBeNull();
});
