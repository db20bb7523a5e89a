import { metricKey } from "../data/columns";
import { formatNumber, formatText } from "../data/numbers";
import type { Trial } from "../data/store";
import { clamp } from "../data/values";
import type { Context } from "../ui/context";
import { h } from "../ui/dom";
import { stateIcon } from "../ui/icons";

const MOST_PARAMS = 8;

/** What is said of the trial under the pointer. */
export class Tooltip {
  readonly element = h("div", { class: "twn-tip", hidden: true, role: "tooltip" });

  constructor(private readonly context: Context) {}

  show(trial: Trial, x: number, y: number, lines: readonly [string, string][]): void {
    this.element.replaceChildren(
      h("div", { class: "twn-tip-title" }, stateIcon(trial.state), h("b", {}, trial.name)),
      table([...lines, ...this.facts(trial, lines)]),
    );
    this.element.style.setProperty("--twn-own", this.context.color(trial.id));
    this.element.hidden = false;
    this.place(x, y);
  }

  hide(): void {
    this.element.hidden = true;
  }

  private facts(trial: Trial, said: readonly [string, string][]): [string, string][] {
    const { search } = this.context.model.store;
    const names = new Set(said.map(([name]) => name));
    const metrics = search.objectives
      .filter(({ metric }) => !names.has(metric) && this.context.model.column(metricKey(metric)))
      .map(({ metric }): [string, string] => [metric, shown(trial.last.get(metric))]);
    const params = search.params
      .filter(({ name, varies }) => varies && trial.params.has(name) && !names.has(name))
      .slice(0, MOST_PARAMS)
      .map(({ name }): [string, string] => [name, shown(trial.params.get(name))]);
    return [...metrics, ...params];
  }

  /** Beside the pointer, on the side where there is room. */
  private place(x: number, y: number): void {
    const parent = this.element.parentElement;
    if (parent === null) return;
    const { offsetWidth, offsetHeight } = this.element;
    const left = x + 16 + offsetWidth > parent.clientWidth ? x - 16 - offsetWidth : x + 16;
    const top = clamp(y - offsetHeight / 2, 4, parent.clientHeight - offsetHeight - 4);
    this.element.style.transform = `translate(${Math.round(Math.max(left, 4))}px, ${Math.round(Math.max(top, 4))}px)`;
  }
}

function shown(value: Parameters<typeof formatText>[0]): string {
  return typeof value === "number" ? formatNumber(value, 5) : formatText(value) || "none";
}

function table(lines: readonly [string, string][]): HTMLElement {
  const cells = lines.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
  return h("dl", {}, ...cells);
}
