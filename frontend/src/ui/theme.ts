import type { TrialState } from "../protocol";

/** The colours of one theme, for what is drawn on a canvas; the style sheet has them all. */
export interface Palette {
  dark: boolean;
  text: string;
  muted: string;
  grid: string;
  surface: string;
  accent: string;
  font: string;
  states: Record<TrialState, string>;
  /** For the first trials of a selection. */
  selected: string[];
  /** For the trials of several experiments. */
  groups: string[];
  /** From the worst trial to the best; for trials without a value, `unknown`. */
  scale: string[];
  unknown: string;
}

export type ThemeName = "light" | "dark";

const SCALE_STEPS = 32;

/** The theme of the page around an element: what the frontend says, else what the page looks like. */
export function detectTheme(element: Element): ThemeName {
  return declaredTheme() ?? backgroundTheme(element) ?? "light";
}

function declaredTheme(): ThemeName | null {
  const { body, documentElement } = document;
  const jupyter = body.getAttribute("data-jp-theme-light");
  if (jupyter !== null) return jupyter === "false" ? "dark" : "light";
  const kind = body.getAttribute("data-vscode-theme-kind");
  if (kind !== null) return /dark|high-contrast$/.test(kind) ? "dark" : "light";
  if (body.classList.contains("vscode-dark")) return "dark";
  if (body.classList.contains("vscode-light")) return "light";
  const colab = documentElement.getAttribute("theme");
  if (colab === "dark" || colab === "light") return colab;
  const report = documentElement.getAttribute("data-twn-theme");
  if (report === "auto") {
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  return null;
}

function backgroundTheme(element: Element): ThemeName | null {
  for (let node: Element | null = element; node !== null; node = parentOf(node)) {
    const parts =
      getComputedStyle(node)
        .backgroundColor.match(/[\d.]+/g)
        ?.map(Number) ?? [];
    const [red = 0, green = 0, blue = 0, alpha = 1] = parts;
    if (parts.length >= 3 && alpha > 0.5) {
      return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? "dark" : "light";
    }
  }
  return null;
}

function parentOf(node: Element): Element | null {
  if (node.parentElement !== null) return node.parentElement;
  const root = node.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

/** Calls the listener whenever the page may have changed its theme. */
export function watchTheme(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  const attributes = ["data-jp-theme-light", "data-vscode-theme-kind", "class", "theme", "style"];
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter: attributes });
  }
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", listener);
  return () => {
    observer.disconnect();
    query.removeEventListener("change", listener);
  };
}

export function readPalette(root: Element, dark: boolean): Palette {
  const style = getComputedStyle(root);
  const read = (name: string): string => style.getPropertyValue(`--twn-${name}`).trim();
  const states = ["running", "pending", "paused", "done", "stopped", "failed"] as const;
  return {
    dark,
    text: read("text"),
    muted: read("muted"),
    grid: read("grid"),
    surface: read("surface"),
    accent: read("accent"),
    font: style.fontFamily,
    states: Object.fromEntries(states.map((state) => [state, read(state)])) as Palette["states"],
    selected: [1, 2, 3, 4, 5, 6].map((i) => read(`pick-${i}`)),
    groups: ["running", "pick-1", "pick-2", "pick-3", "pick-4", "pick-5"].map(read),
    scale: gradient([1, 2, 3, 4].map((i) => read(`scale-${i}`))),
    unknown: read("unknown"),
  };
}

function gradient(stops: readonly string[]): string[] {
  const colors = stops.map(channels);
  return Array.from({ length: SCALE_STEPS }, (_, i) => {
    const position = (i / (SCALE_STEPS - 1)) * (colors.length - 1);
    const left = Math.min(Math.floor(position), colors.length - 2);
    const share = position - left;
    const [from, to] = [colors[left] ?? [], colors[left + 1] ?? []];
    const mixed = from.map((channel, k) => Math.round(channel + ((to[k] ?? 0) - channel) * share));
    return `rgb(${mixed.join(",")})`;
  });
}

function channels(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) || 0);
}
