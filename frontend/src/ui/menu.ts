import { h, setAttribute } from "./dom";

/** A button that opens a small panel below itself; Escape or a click elsewhere closes the panel. */
export class Menu {
  readonly element: HTMLElement;
  readonly panel = h("div", { class: "twn-panel", hidden: true });
  private readonly onOutside = (event: Event): void => {
    if (!event.composedPath().includes(this.element)) this.close();
  };

  constructor(
    readonly button: HTMLButtonElement,
    label: string,
    private readonly fill: (panel: HTMLElement) => void,
  ) {
    setAttribute(button, "aria-haspopup", "true");
    setAttribute(button, "aria-expanded", "false");
    setAttribute(this.panel, "role", "group");
    setAttribute(this.panel, "aria-label", label);
    button.addEventListener("click", () => (this.panel.hidden ? this.open() : this.close()));
    this.element = h("div", { class: "twn-menu" }, button, this.panel);
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.panel.hidden) return;
      event.stopPropagation();
      this.close();
      button.focus();
    });
  }

  close(): void {
    this.panel.hidden = true;
    setAttribute(this.button, "aria-expanded", "false");
    document.removeEventListener("pointerdown", this.onOutside);
  }

  private open(): void {
    this.panel.replaceChildren();
    this.fill(this.panel);
    this.panel.hidden = false;
    setAttribute(this.button, "aria-expanded", "true");
    document.addEventListener("pointerdown", this.onOutside);
    this.panel.querySelector<HTMLElement>("input, button")?.focus();
  }
}

/** A line with a checkbox. */
export function checkbox(
  text: string,
  checked: boolean,
  onChange: (checked: boolean) => void,
): HTMLLabelElement {
  const input = h("input", { type: "checkbox" });
  input.checked = checked;
  input.addEventListener("change", () => onChange(input.checked));
  return h("label", { class: "twn-check", title: text }, input, h("span", {}, text));
}

export interface Choice {
  value: string;
  text: string;
}

/** A drop-down list with a name for screen readers. */
export function select(
  label: string,
  choices: readonly Choice[],
  value: string,
  onChange: (value: string) => void,
): HTMLSelectElement {
  const element = h("select", { class: "twn-select", "aria-label": label, title: label });
  for (const choice of choices) {
    const option = h("option", { value: choice.value }, choice.text);
    option.selected = choice.value === value;
    element.append(option);
  }
  element.addEventListener("change", () => onChange(element.value));
  return element;
}
