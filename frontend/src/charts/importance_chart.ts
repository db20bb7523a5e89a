import { paramKey } from "../data/columns";
import type { Context, Part } from "../ui/context";
import { h } from "../ui/dom";

/** How much each hyperparameter says about the tuned metric; a click opens it in a scatter chart. */
export class ImportanceChart implements Part {
  readonly element = h("div", { class: "twn-importance" });
  private shown = "";

  constructor(private readonly context: Context) {}

  update(): void {
    const { importance, importanceNote, objectives } = this.context.model.store.search;
    const wanted = JSON.stringify([importance, importanceNote, objectives]);
    if (wanted === this.shown) return;
    this.shown = wanted;
    const sorted = [...importance].sort((a, b) => b.value - a.value);
    const most = Math.max(...sorted.map(({ value }) => value), 1e-9);
    const title = objectives[0] === undefined ? "" : `What ${objectives[0].metric} depends on`;
    this.element.replaceChildren(
      sorted.length > 0 ? h("h3", {}, title) : "",
      ...sorted.map(({ name, value }) => this.bar(name, value, value / most)),
      h(
        "p",
        { class: "twn-muted" },
        importanceNote || (sorted.length === 0 ? "Not known yet" : ""),
      ),
    );
  }

  highlight(): void {
    // Nothing here depends on the selection.
  }

  private bar(name: string, value: number, share: number): HTMLElement {
    const fill = h("i", {});
    fill.style.width = `${Math.max(share * 100, 0.5)}%`;
    return h(
      "button",
      {
        class: "twn-bar",
        type: "button",
        title: `${name}: open in a scatter chart`,
        onclick: () => this.context.openChart("scatter", paramKey(name)),
      },
      h("span", { class: "twn-bar-name" }, name),
      h("span", { class: "twn-bar-track" }, fill),
      h("span", { class: "twn-bar-value" }, `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`),
    );
  }
}
