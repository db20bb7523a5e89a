import { describe, expect, it } from "vitest";
import { columnFormat, digitsNeeded, formatDuration, formatNumber } from "../src/data/numbers";

describe("formatNumber", () => {
  it.each([
    [0.99996, "0.99996"],
    [0.9999999, "0.9999999"],
    [1.00004, "1.00004"],
    [1, "1"],
    [0, "0"],
    [128, "128"],
    [1234567, "1234567"],
    [0.1, "0.1"],
    [0.123456, "0.1235"],
    [-0.5, "−0.5"],
    [0.0000321, "3.21e-5"],
    [1234567.891, "1.235e6"],
    [1e12, "1e12"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ])("writes %d as %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

describe("columnFormat", () => {
  it("tells neighbours apart", () => {
    const format = columnFormat([0.99996, 0.99995, 0.5]);
    expect([0.99996, 0.99995].map(format)).toEqual(["0.99996", "0.99995"]);
  });

  it("gives the values of a column the same decimals", () => {
    const format = columnFormat([0.5, 0.25, 0.75]);
    expect([0.5, 0.25].map(format)).toEqual(["0.5000", "0.2500"]);
  });

  it("writes very different sizes each in its own way", () => {
    const format = columnFormat([0.00001, 0.1, 12]);
    expect([0.00001, 0.1, 12].map(format)).toEqual(["1e-5", "0.1", "12"]);
  });

  it("leaves text and what is absent alone", () => {
    const format = columnFormat(["adam", 1, null]);
    expect(["adam", true, null, undefined].map(format)).toEqual(["adam", "true", "", ""]);
  });
});

it("needs more digits for values that are close", () => {
  expect(digitsNeeded([1, 2, 3])).toBe(4);
  expect(digitsNeeded([0.123456, 0.123457])).toBe(6);
});

it.each([
  [0.42, "0.4 s"],
  [59.7, "1 m 00 s"],
  [200, "3 m 20 s"],
  [7500, "2 h 05 m"],
  [273600, "3 d 4 h"],
  [Number.NaN, ""],
])("writes %d seconds as %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
