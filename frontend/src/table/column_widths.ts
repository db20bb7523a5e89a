import { type Column, FRONT, NAME, STATE, TIME } from "../data/columns";
import { columnFormat, type Format, formatText } from "../data/numbers";
import type { Trial } from "../data/store";
import { clamp } from "../data/values";
import { cellText, type ShownColumn } from "./row";

const PADDING = 20;
/** Room for the arrow of the sorted column. */
const ARROW = 18;
const SAMPLE = 300;
/** More values than this decide no further on how many digits there are. */
const FORMATTED = 400;

/** How the columns are written and how wide they are; a width never shrinks, so nothing jumps. */
export class ColumnWidths {
  private readonly widest = new Map<string, number>();
  private readonly context = document.createElement("canvas").getContext("2d");

  measure(columns: readonly Column[], trials: readonly Trial[], font: string): ShownColumn[] {
    const sample = trials.slice(0, SAMPLE);
    return columns.map((column) => {
      const values = trials.slice(0, FORMATTED).map((trial) => column.value(trial));
      const format = formatOf(column, values);
      const alignRight = values.some((v) => typeof v === "number");
      const texts = sample.map((trial) => cellText(column, format, column.value(trial)));
      const width = this.width(column, texts, font);
      return { column, format, width, alignRight };
    });
  }

  private width(column: Column, texts: readonly string[], font: string): number {
    const measured = (text: string, written = font): number => {
      if (this.context === null) return 60;
      this.context.font = written;
      return this.context.measureText(text).width;
    };
    // The longest texts are the widest, give or take a letter.
    const long = [...new Set(texts)].sort((a, b) => b.length - a.length).slice(0, 8);
    const content = Math.max(0, ...long.map((text) => measured(text.slice(0, 80))));
    const title = Math.min(measured(column.title.slice(0, 60), `600 ${font}`) + ARROW, 130);
    const extra = column.key === STATE ? 22 : 0;
    const limit = column.key === NAME ? 200 : 180;
    const wanted = clamp(Math.ceil(Math.max(content + extra, title) + PADDING), 48, limit);
    const widest = Math.max(wanted, this.widest.get(column.key) ?? 0);
    this.widest.set(column.key, widest);
    return widest;
  }
}

function formatOf(column: Column, values: Parameters<typeof columnFormat>[0]): Format {
  if (column.key === NAME || column.key === STATE || column.key === FRONT) return formatText;
  return column.key === TIME ? formatText : columnFormat(values);
}
