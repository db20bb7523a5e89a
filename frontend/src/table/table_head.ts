import { metricKey } from "../data/columns";
import type { Context } from "../ui/context";
import { h, setAttribute } from "../ui/dom";
import type { ShownColumn } from "./row";

/** The titles of the columns: a click sorts. */
export class TableHead {
  readonly element = h("div", { class: "twn-head", role: "row", "aria-rowindex": 1 });
  private shown = "";

  constructor(private readonly context: Context) {}

  update(columns: readonly ShownColumn[]): void {
    const names = JSON.stringify(columns.map((c) => [c.column.key, c.alignRight]));
    if (names !== this.shown) {
      this.shown = names;
      this.element.replaceChildren(
        h("span", { class: "twn-cell twn-first", role: "columnheader", "aria-label": "Selected" }),
        ...columns.map((column) => this.title(column)),
      );
    }
    const { key, descending } = this.context.model.sorting();
    columns.forEach(({ column }, i) => {
      const cell = this.element.children[i + 1];
      if (cell === undefined) return;
      const order = descending ? "descending" : "ascending";
      setAttribute(cell, "aria-sort", column.key === key ? order : null);
    });
  }

  private title({ column, alignRight }: ShownColumn): HTMLElement {
    const { model } = this.context;
    const objective = model.store.search.objectives.find((o) => metricKey(o.metric) === column.key);
    const about = objective === undefined ? "" : ` (tuned, ${objective.mode})`;
    const button = h(
      "button",
      {
        type: "button",
        title: `${column.title}${about}: sort`,
        onclick: () => model.sortBy(column.key),
      },
      ...titleParts(column.title),
      h("i", { class: "twn-arrow", "aria-hidden": "true" }),
    );
    const cell = h("span", { class: "twn-cell", role: "columnheader" }, button);
    if (alignRight) cell.classList.add("twn-number");
    if (column.kind === "trial") cell.classList.add("twn-first", "twn-trial");
    if (objective !== undefined) cell.classList.add("twn-tuned");
    return cell;
  }
}

/** "optimizer/lr" keeps its end in sight: what comes before it gives way. */
export function titleParts(title: string): HTMLElement[] {
  const cut = title.slice(0, -1).search(/[/.][^/.]*$/);
  if (cut < 0) return [h("span", { class: "twn-title-end" }, title)];
  return [
    h("span", { class: "twn-title-start" }, title.slice(0, cut + 1)),
    h("span", { class: "twn-title-end" }, title.slice(cut + 1)),
  ];
}
