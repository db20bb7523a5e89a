import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Request } from "../src/protocol";
import { askForState } from "../src/state/asking";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("asks again, and ever more rarely, until the state has arrived", () => {
  const asked: Request[] = [];
  let answered = false;
  askForState(
    (request) => asked.push(request),
    () => answered,
  );
  expect(asked).toEqual([{ kind: "ready" }]);
  vi.advanceTimersByTime(3000);
  expect(asked.slice(1)).toEqual([
    { kind: "ready", again: true },
    { kind: "ready", again: true },
  ]);
  vi.advanceTimersByTime(600_000);
  expect(asked.length).toBeLessThan(30);
  const before = asked.length;
  answered = true;
  vi.advanceTimersByTime(600_000);
  expect(asked.length).toBe(before);
});

it("asks no longer for a view that is gone", () => {
  const asked: Request[] = [];
  const stop = askForState(
    (request) => asked.push(request),
    () => false,
  );
  stop();
  vi.advanceTimersByTime(600_000);
  expect(asked).toEqual([{ kind: "ready" }]);
});
