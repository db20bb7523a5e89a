import type { Context } from "../view/context";
import { h } from "../view/dom";

/** What the colours of trials mean. */
export function legend(context: Context): HTMLElement | null {
  const { objective } = context.model;
  if (objective === undefined) return null;
  const bar = h("i", { class: "twn-legend-bar" });
  const label = `Colour: rank by ${objective.metric}, from the worst to the best (${objective.mode})`;
  return h(
    "span",
    { class: "twn-legend", title: label, role: "img", "aria-label": label },
    "worst",
    bar,
    "best",
  );
}
