import type { Column } from "../data/columns";
import { columnFormat } from "../data/numbers";
import type { Trial } from "../data/store";
import type { Context, Part } from "../ui/context";
import { h } from "../ui/dom";
import { stateIcon } from "../ui/icons";
import { checkbox } from "../ui/menu";
import { cellText } from "./row";

const MOST = 12;

/** The selected trials side by side; rows in which they differ are marked. */
export class Compare implements Part {
  readonly element = h("div", { class: "twn-compare" });
  private onlyDifferent = false;
  private drawn: readonly string[] | null = null;

  constructor(private readonly context: Context) {}

  update(): void {
    const { model } = this.context;
    this.drawn = model.selected;
    const trials = model.selectedTrials();
    if (trials.length === 0) {
      this.showEmpty();
      return;
    }
    const shown = trials.slice(0, MOST);
    const columns = model.columns.filter(({ kind }) => kind !== "trial");
    const rows = columns.map((column) => this.row(column, shown)).filter((row) => row !== null);
    this.element.replaceChildren(this.controls(trials.length), this.table(shown, rows));
  }

  highlight(): void {
    if (this.drawn !== this.context.model.selected) this.update();
  }

  private showEmpty(): void {
    this.element.replaceChildren(
      h(
        "div",
        { class: "twn-compare-empty" },
        h("p", { class: "twn-empty-title" }, "No trials selected"),
        h(
          "p",
          {},
          "Click the dot of a row, a curve or a point to select a trial; drag over an axis or a scatter chart to select many.",
        ),
      ),
    );
  }

  private controls(count: number): HTMLElement {
    const note =
      count > MOST ? `the first ${MOST} of ${count} selected trials` : `${count} selected`;
    const only = checkbox("only what differs", this.onlyDifferent, (on) => {
      this.onlyDifferent = on;
      this.update();
    });
    return h("div", { class: "twn-controls" }, only, h("span", { class: "twn-muted" }, note));
  }

  private row(column: Column, trials: readonly Trial[]): HTMLElement | null {
    const values = trials.map((trial) => column.value(trial));
    if (values.every((value) => value === undefined || value === null)) return null;
    const format = columnFormat(values);
    const texts = values.map((value) => cellText(column, format, value));
    const differs = new Set(values.map((value) => JSON.stringify(value) + String(value))).size > 1;
    if (this.onlyDifferent && !differs) return null;
    const cells = texts.map((text) =>
      h("td", { title: text.length > 18 ? text : null }, text || "–"),
    );
    const row = h("tr", {}, h("th", { scope: "row", title: column.title }, column.title), ...cells);
    if (differs) row.classList.add("twn-differs");
    row.dataset["kind"] = column.kind;
    return row;
  }

  private table(trials: readonly Trial[], rows: readonly HTMLElement[]): HTMLElement {
    const heads = trials.map((trial) => {
      const head = h(
        "th",
        { scope: "col", title: trial.name },
        h("i", { class: "twn-swatch" }),
        stateIcon(trial.state),
        trial.name,
      );
      head.style.setProperty("--twn-own", this.context.color(trial.id));
      return head;
    });
    const top = h("tr", {}, h("th", { scope: "col" }, "trial"), ...heads);
    const table = h("table", {}, h("thead", {}, top), h("tbody", {}, ...rows));
    return h(
      "div",
      { class: "twn-compare-scroll", tabindex: 0, role: "region", "aria-label": "Comparison" },
      table,
    );
  }
}
