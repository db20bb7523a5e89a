import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");
/** Imports only go down; rooms of one line need nothing of each other. */
const ROOMS = [["index.ts"], ["view"], ["table", "charts"], ["plot"], ["ui"], ["state"], ["data"]];

const FILES = (readdirSync(SOURCE, { recursive: true }) as string[]).filter((f) =>
  f.endsWith(".ts"),
);

function roomOf(file: string): string {
  return file.split("/")[0] ?? "";
}

function floorOf(file: string): number {
  const floor = ROOMS.findIndex((rooms) => rooms.includes(roomOf(file)));
  return floor < 0 ? ROOMS.length : floor;
}

it.each(FILES)("%s imports nothing above it", (file) => {
  const text = readFileSync(join(SOURCE, file), "utf8");
  const imported = [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, to = ""]) =>
    normalize(join(dirname(file), to)),
  );
  const up = imported.filter((to) => roomOf(to) !== roomOf(file) && floorOf(to) <= floorOf(file));
  expect(up).toEqual([]);
  expect(text.split("\n").length).toBeLessThan(300);
});

it("has rooms that can be overlooked", () => {
  for (const room of ROOMS.flat()) {
    expect(FILES.filter((file) => roomOf(file) === room).length).toBeLessThanOrEqual(12);
  }
});
