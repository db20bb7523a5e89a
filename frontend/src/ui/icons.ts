import type { TrialState } from "../protocol";
import { icon } from "./dom";

/** Each state has a shape of its own, since not everybody sees its colour. */
const SHAPES: Record<TrialState, string> = {
  running: "M5 3.2v9.6l7.5-4.8z",
  pending: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3zm0 1.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8z",
  paused: "M4.5 3.5h2.4v9H4.5zM9.1 3.5h2.4v9H9.1z",
  done: "M3.2 8.4l1.3-1.3 2.3 2.3 4.9-5 1.3 1.3-6.2 6.3z",
  stopped: "M4 4h8v8H4z",
  failed:
    "M4.3 3.2L8 6.9l3.7-3.7 1.1 1.1L9.1 8l3.7 3.7-1.1 1.1L8 9.1l-3.7 3.7-1.1-1.1L6.9 8 3.2 4.3z",
};

export function stateIcon(state: TrialState): SVGSVGElement {
  return icon([SHAPES[state] ?? SHAPES.pending], `twn-icon twn-state-${state}`);
}

export function setStateIcon(svg: SVGElement, state: TrialState): void {
  svg.setAttribute("class", `twn-icon twn-state-${state}`);
  svg.firstElementChild?.setAttribute("d", SHAPES[state] ?? SHAPES.pending);
}

export const CLOSE = [
  "M4.3 3.2L8 6.9l3.7-3.7 1.1 1.1L9.1 8l3.7 3.7-1.1 1.1L8 9.1l-3.7 3.7-1.1-1.1L6.9 8 3.2 4.3z",
];
export const SEARCH = [
  "M7 2a5 5 0 0 1 4 8l3 3-1 1-3-3a5 5 0 1 1-3-9zm0 1.4a3.6 3.6 0 1 0 0 7.2 3.6 3.6 0 0 0 0-7.2z",
];
export const COLUMNS = ["M2 3h3.2v10H2zM6.4 3h3.2v10H6.4zM10.8 3H14v10h-3.2z"];
export const LINK = ["M9 2h5v5h-1.5V4.6L7.6 9.5 6.5 8.4l4.9-4.9H9zM3 4h4v1.5H4.500v6h6V9H12v4H3z"];
