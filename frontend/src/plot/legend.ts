import type { ColorBy } from "../state/model";
import type { Context } from "../ui/context";
import { h } from "../ui/dom";
import { select } from "../ui/menu";

const LONGEST = 24;
const MOST = 6;

/** Differs whenever the legend does. */
export function legendState({ model, palette }: Context): unknown {
  return [model.colorBy, model.experiments, model.objective, palette.dark];
}

/** What the colours of trials mean. */
export function legend(context: Context): HTMLElement {
  const { model } = context;
  const box = h("span", { class: "twn-legend" });
  if (model.experiments.length > 0) box.append(choice(context));
  if (model.colorBy === "experiment") box.append(...experiments(context));
  else if (model.objective !== undefined) box.append(...ranks(model.objective.metric));
  return box;
}

function choice({ model }: Context): HTMLElement {
  const choices = [
    { value: "experiment", text: "by experiment" },
    { value: "rank", text: "by rank" },
  ];
  return select("What the colours mean", choices, model.colorBy, (value) =>
    model.setColorBy(value as ColorBy),
  );
}

function experiments(context: Context): HTMLElement[] {
  return context.model.experiments.slice(0, MOST).map((name) => {
    const swatch = h("i", { class: "twn-swatch" });
    swatch.style.setProperty("--twn-own", context.experimentColor(name));
    return h("span", { class: "twn-legend-name", title: name }, swatch, name);
  });
}

function ranks(metric: string): (HTMLElement | string)[] {
  const name = metric.length > LONGEST ? `${metric.slice(0, LONGEST)}…` : metric;
  return [
    h("span", { class: "twn-legend-name", title: `Colours: the rank by ${metric}` }, name),
    h("span", {}, "worst"),
    h("i", { class: "twn-legend-bar" }),
    h("span", {}, "best"),
  ];
}
