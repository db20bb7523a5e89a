import { type Column, NAME, STATE, TIME } from "../data/columns";
import { type Format, formatDuration } from "../data/numbers";
import type { Trial } from "../data/store";
import type { Scalar, TrialState } from "../protocol";
import type { Context } from "../ui/context";
import { h, setAttribute, setText } from "../ui/dom";
import { setStateIcon, stateIcon } from "../ui/icons";

export interface ShownColumn {
  column: Column;
  format: Format;
  width: number;
  alignRight: boolean;
}

/** One line of the table; lines are used again for other trials while the table is scrolled. */
export class Row {
  readonly element: HTMLElement;
  trial: Trial | null = null;
  index = -1;
  private readonly mark = h("span", { class: "twn-mark", role: "checkbox" });
  private painted = "";
  private readonly cells: HTMLElement[] = [];
  private columns: readonly ShownColumn[] = [];

  constructor(id: string) {
    this.mark.append(h("i", {}));
    this.element = h("div", { class: "twn-row", role: "row", id });
    this.element.append(h("span", { class: "twn-cell twn-first", role: "gridcell" }, this.mark));
  }

  show(trial: Trial, index: number, columns: readonly ShownColumn[]): void {
    // A trial that has changed is another object.
    if (trial === this.trial && index === this.index && columns === this.columns) return;
    if (columns !== this.columns) this.rebuild(columns);
    this.trial = trial;
    this.index = index;
    this.element.dataset["id"] = trial.id;
    setAttribute(this.element, "aria-rowindex", String(index + 2));
    setAttribute(this.mark, "aria-label", `Select ${trial.name}`);
    columns.forEach((shown, i) => {
      fill(this.cells[i] as HTMLElement, shown, trial);
    });
  }

  place(top: number): void {
    this.element.style.transform = `translateY(${top}px)`;
  }

  paint(context: Context, active: boolean, open: boolean): void {
    const { trial } = this;
    if (trial === null) return;
    const selected = context.model.isSelected(trial.id);
    const hovered = context.model.hovered === trial.id;
    const painted = `${selected} ${hovered} ${active} ${open} ${context.color(trial.id)}`;
    if (painted === this.painted) return;
    this.painted = painted;
    const { classList } = this.element;
    classList.toggle("twn-selected", selected);
    classList.toggle("twn-hovered", hovered);
    classList.toggle("twn-active", active);
    classList.toggle("twn-open", open);
    setAttribute(this.element, "aria-selected", String(selected));
    setAttribute(this.element, "aria-expanded", String(open));
    setAttribute(this.mark, "aria-checked", String(selected));
    this.element.style.setProperty("--twn-own", context.color(trial.id));
  }

  private rebuild(columns: readonly ShownColumn[]): void {
    const same =
      columns.length === this.columns.length &&
      columns.every((shown, i) => isAlike(shown, this.columns[i] as ShownColumn));
    this.columns = columns;
    if (same) return;
    for (const cell of this.cells) cell.remove();
    this.cells.length = 0;
    for (const shown of columns) {
      const cell = newCell(shown);
      this.cells.push(cell);
      this.element.append(cell);
    }
  }
}

/** Whether a cell of one column can hold a value of the other. */
function isAlike(a: ShownColumn, b: ShownColumn): boolean {
  return a.column.key === b.column.key && a.alignRight === b.alignRight;
}

function newCell({ column, alignRight }: ShownColumn): HTMLElement {
  const cell = h("span", { class: "twn-cell", role: "gridcell" });
  if (alignRight) cell.classList.add("twn-number");
  if (column.key === NAME) cell.classList.add("twn-first", "twn-trial");
  if (column.key === STATE) {
    cell.classList.add("twn-state");
    cell.append(stateIcon("pending"), h("span", {}));
  }
  return cell;
}

function fill(cell: HTMLElement, { column, format }: ShownColumn, trial: Trial): void {
  const value = column.value(trial);
  if (column.key === STATE) {
    setStateIcon(cell.firstElementChild as SVGElement, trial.state);
    setText(cell.lastElementChild as HTMLElement, trial.state);
    return;
  }
  setText(cell, cellText(column, format, value));
  cell.classList.toggle("twn-odd", typeof value === "number" && !Number.isFinite(value));
  if (column.key === NAME) setAttribute(cell, "title", trial.name);
  else if (typeof value === "string" && value.length > 12) setAttribute(cell, "title", value);
  else if (cell.hasAttribute("title")) cell.removeAttribute("title");
}

export function cellText(column: Column, format: Format, value: Scalar | undefined): string {
  if (column.key === STATE) return value as TrialState;
  if (column.key === TIME) return typeof value === "number" ? formatDuration(value) : "";
  return format(value);
}
