import { counted } from "../data/numbers";
import type { Context, Part } from "../ui/context";
import { h, icon, setAttribute, setText } from "../ui/dom";
import { COLUMNS, SEARCH } from "../ui/icons";
import { checkbox, Menu } from "../ui/menu";

const HINT = 'Filter: text, lr > 0.01, optimizer = adam, "batch size" = 32';
const NAMED = 6;

/** Above the table: the filter, the choice of columns, and what can be done with the selection. */
export class Toolbar implements Part {
  readonly element: HTMLElement;
  private readonly input = h("input", {
    type: "search",
    class: "twn-filter",
    placeholder: HINT,
    title: HINT,
    "aria-label": "Filter trials",
    spellcheck: "false",
    autocomplete: "off",
  });
  private readonly count = h("span", { class: "twn-count", "aria-live": "polite" });
  private readonly constants = h("span", { class: "twn-constants" });
  private readonly actions = h("div", { class: "twn-actions" });
  private readonly menu: Menu;

  constructor(
    private readonly context: Context,
    private readonly compare: () => void,
  ) {
    const { model } = context;
    const button = h(
      "button",
      { class: "twn-button", type: "button", title: "Choose the columns" },
      icon(COLUMNS),
      "Columns",
    );
    this.menu = new Menu(button, "Columns", (panel) => this.fillMenu(panel));
    this.input.addEventListener("input", () => model.setFilter(this.input.value));
    const box = h("div", { class: "twn-search" }, icon(SEARCH), this.input);
    this.element = h(
      "div",
      { class: "twn-toolbar" },
      h("div", { class: "twn-tools" }, box, this.menu.element),
      h("div", { class: "twn-under" }, this.count, this.constants, this.actions),
    );
  }

  update(): void {
    const { model } = this.context;
    if (this.input.value !== model.filterText) this.input.value = model.filterText;
    const all = model.store.trials.size;
    const { problems } = model.filter;
    const whole = counted(all, "trial");
    const text = model.isFiltered
      ? `${model.shown.length.toLocaleString("en")} of ${whole}`
      : whole;
    setText(this.count, problems.length > 0 ? problems.join(" ") : text);
    this.count.classList.toggle("twn-problem", problems.length > 0);
    setAttribute(this.input, "aria-invalid", problems.length > 0 ? "true" : null);
    const constants = this.constantsText();
    setText(this.constants, constants);
    setAttribute(this.constants, "title", constants);
    this.highlight();
  }

  highlight(): void {
    const { model } = this.context;
    const count = model.selected.length;
    const wanted = JSON.stringify([count, model.onlySelected, model.isFiltered]);
    if (this.actions.dataset["shows"] === wanted) return;
    this.actions.dataset["shows"] = wanted;
    this.actions.replaceChildren(
      ...(model.isFiltered ? [link("Clear filter", () => model.clearFilter())] : []),
      ...(count > 0 ? this.selectionActions(count) : []),
    );
    this.constants.hidden = count > 0;
  }

  dispose(): void {
    this.menu.close();
  }

  private selectionActions(count: number): HTMLElement[] {
    const { model } = this.context;
    const only = link(model.onlySelected ? "Show all" : "Show only these", () =>
      model.showOnlySelected(!model.onlySelected),
    );
    return [
      h("span", { class: "twn-count" }, `${count.toLocaleString("en")} selected`),
      link("Compare", this.compare),
      only,
      link("Deselect", () => model.select([])),
    ];
  }

  private constantsText(): string {
    const { model } = this.context;
    const hidden = model.store.search.params.filter((param) => {
      const column = model.columns.find((c) => c.param === param);
      return !param.varies && column !== undefined && model.isHidden(column);
    });
    if (hidden.length === 0 || model.store.trials.size === 0) return "";
    const first = model.store.trials.values().next().value;
    const texts = hidden.slice(0, NAMED).map((param) => {
      const value = first?.params.get(param.name);
      return `${param.name} = ${value ?? "none"}`;
    });
    const more = hidden.length > NAMED ? ` and ${hidden.length - NAMED} more` : "";
    return `The same in all: ${texts.join(", ")}${more}`;
  }

  private fillMenu(panel: HTMLElement): void {
    const { model } = this.context;
    const lines = h("div", { class: "twn-lines" });
    const fill = (wanted: string): void =>
      lines.replaceChildren(
        ...model.columns
          .filter((column) => column.kind !== "trial")
          .filter((column) => column.title.toLowerCase().includes(wanted.toLowerCase()))
          .map((column) =>
            checkbox(column.title, !model.isHidden(column), (on) => model.hide(column.key, !on)),
          ),
      );
    fill("");
    if (model.columns.length > 14) {
      const find = h("input", {
        type: "search",
        class: "twn-filter twn-find",
        placeholder: "Find a column",
        "aria-label": "Find a column",
      });
      find.addEventListener("input", () => fill(find.value));
      panel.append(find);
    }
    panel.append(lines);
  }
}

function link(text: string, onclick: () => void): HTMLElement {
  return h("button", { class: "twn-link", type: "button", onclick }, text);
}
