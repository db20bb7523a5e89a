import type { Objective } from "../protocol";

/**
 * The indices of the points that no other point beats in two objectives, along the front.
 *
 * A point without both values is on no front.
 */
export function paretoFront(
  points: readonly (readonly [number | null, number | null])[],
  objectives: readonly [Objective, Objective],
): number[] {
  const [first, second] = objectives.map((o) => (o.mode === "min" ? 1 : -1)) as [number, number];
  const known = points
    .map(([x, y], index) => ({ x, y, index }))
    .filter((p): p is { x: number; y: number; index: number } => p.x !== null && p.y !== null)
    .map((p) => ({ x: first * p.x, y: second * p.y, index: p.index }))
    .sort((a, b) => a.x - b.x || a.y - b.y);
  const front: number[] = [];
  let best = Number.POSITIVE_INFINITY;
  let last: { x: number; y: number } | null = null;
  for (const p of known) {
    const twin = last !== null && p.x === last.x && p.y === last.y;
    if (p.y < best || twin) {
      front.push(p.index);
      best = p.y;
      last = p;
    }
  }
  return front;
}
