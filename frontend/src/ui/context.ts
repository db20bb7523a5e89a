import { clamp } from "../data/values";
import type { Model } from "../state/model";
import type { Palette } from "./theme";

/** A selection of more trials than this keeps the colours of the scale. */
const COLORED = 6;

/** What every part of the page is given. */
export class Context {
  /** Opens a kind of chart; a scatter chart with that column on its x axis. */
  openChart: (kind: string, xKey?: string) => void = () => undefined;
  /** The column that a scatter chart was asked for. */
  scatterX: string | null = null;

  constructor(
    readonly model: Model,
    public palette: Palette,
  ) {}

  /** A trial's colour, the same in the table and in every chart. */
  color(id: string): string {
    return this.pickedColor(id) ?? this.scaleColor(id);
  }

  experimentColor(name: string): string {
    const { groups, unknown } = this.palette;
    const index = this.model.experiments.indexOf(name);
    return index < 0 ? unknown : (groups[index % groups.length] ?? unknown);
  }

  /** The colour of one of a few selected trials. */
  pickedColor(id: string): string | undefined {
    const { selected, colorBy } = this.model;
    // Trials of several experiments keep the colours of these.
    if (colorBy === "experiment") return undefined;
    if (selected.length === 0 || selected.length > COLORED) return undefined;
    const index = selected.indexOf(id);
    return index < 0 ? undefined : this.palette.selected[index];
  }

  /** A trial's colour while it is not selected. */
  scaleColor(id: string): string {
    if (this.model.colorBy === "experiment") {
      return this.experimentColor(this.model.trial(id)?.experiment ?? "");
    }
    const goodness = this.model.goodnessOf(id);
    if (goodness === undefined) return this.palette.unknown;
    const { scale } = this.palette;
    const step = clamp(Math.round(goodness * (scale.length - 1)), 0, scale.length - 1);
    return scale[step] ?? this.palette.unknown;
  }
}

/** A part of the page that follows the model. */
export interface Part {
  readonly element: HTMLElement;
  /** The trials, the filter, the columns or the theme have changed. */
  update(): void;
  /** The selection or the hovered trial has changed. */
  highlight(): void;
  dispose?(): void;
}
