import { counted, formatDuration } from "../data/numbers";
import { busyShare, type Stay, stays, workersOf } from "../data/occupancy";
import { clamp } from "../data/values";
import { CanvasChart, type Hit, type Point } from "../plot/canvas_chart";
import { drawXAxis, type Frame, fitted, font, line, noteInside } from "../plot/frame";
import { numberScale, type Scale, type Tick } from "../plot/scales";
import type { Context } from "../ui/context";
import { h, setText } from "../ui/dom";

interface Block {
  stay: Stay;
  left: number;
  right: number;
  top: number;
  height: number;
}

const [LOWEST, HIGHEST] = [5, 26];
const TOP = 8;
const STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
];

/** What ran when on which worker; gaps are time in which a worker had nothing to do. */
export class TimelineChart extends CanvasChart {
  private readonly summary = h("span", { class: "twn-muted" });
  private blocks: Block[] = [];
  private plot: Frame = { left: 0, right: 0, top: TOP, bottom: 0 };

  constructor(context: Context) {
    super(context, "Timeline of the trials over the workers");
    this.controls.append(
      this.summary,
      h("span", { class: "twn-hint" }, "Colours: status of the trial"),
    );
  }

  protected override drawAll(): void {
    const { model, palette } = this.context;
    const { search } = model.store;
    const axes = this.surface.clear("axes");
    const marks = this.surface.clear("marks");
    const all = stays(model.shown, search.ended ?? search.now);
    this.blocks = [];
    if (all.length === 0) {
      setText(this.summary, "");
      noteInside(axes, palette, this.surface.width, this.surface.height, "Nothing has run yet");
      return;
    }
    const workers = workersOf(all);
    const rows = this.layOut(axes, workers);
    const hidden = workers.length - rows.size;
    const busy = `${counted(workers.length, "worker")}, busy ${(100 * busyShare(all)).toFixed(0)} % of the time`;
    setText(this.summary, hidden > 0 ? `${busy}; ${hidden} are out of sight` : busy);
    this.place(axes, all, rows);
    this.drawMarks(this.blocks.length, (i) => {
      const block = this.blocks[i] as Block;
      fill(marks, block, palette.states[block.stay.trial.state], 0.8);
    });
  }

  /** The top of each worker's row, for as many as there is room. */
  private layOut(
    context: CanvasRenderingContext2D,
    workers: readonly string[],
  ): Map<string, [number, number]> {
    const { palette } = this.context;
    const { width, height } = this.surface;
    const room = height - TOP - 40;
    const row = clamp(Math.floor(room / workers.length), LOWEST, HIGHEST);
    const seen = workers.slice(0, Math.max(Math.floor(room / row), 1));
    context.font = font(palette);
    const widest = Math.max(...seen.map((name) => context.measureText(name.slice(0, 60)).width));
    const left = row >= 11 ? clamp(widest + 18, 40, Math.min(width * 0.3, 170)) : 16;
    this.plot = { left, right: width - 18, top: TOP, bottom: TOP + row * seen.length };
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillStyle = palette.muted;
    context.strokeStyle = palette.grid;
    return new Map(
      seen.map((name, i) => {
        const top = TOP + i * row;
        if (row >= 11) context.fillText(fitted(context, name, left - 14), left - 8, top + row / 2);
        line(context, left, top + row, this.plot.right, top + row);
        return [name, [top, row]];
      }),
    );
  }

  private place(
    axes: CanvasRenderingContext2D,
    all: readonly Stay[],
    rows: ReadonlyMap<string, [number, number]>,
  ): void {
    const start = all.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY);
    const end = all.reduce((most, { to }) => Math.max(most, to), start + 1);
    const { left, right } = this.plot;
    const x = timeScale(end - start, [left, right]);
    drawXAxis(axes, this.context.palette, this.plot, x, "since the first trial started");
    for (const stay of all) {
      const row = rows.get(stay.worker);
      const [from, to] = [x.at(stay.from - start), x.at(stay.to - start)];
      if (row === undefined || from === null || to === null) continue;
      const inset = row[1] >= 8 ? 2 : 0.5;
      const [top, height] = [row[0] + inset, row[1] - 2 * inset];
      this.blocks.push({ stay, left: from, right: Math.max(to, from + 1), top, height });
    }
  }

  protected override drawPicked(context: CanvasRenderingContext2D): void {
    const { model, palette } = this.context;
    for (const block of this.blocks) {
      const { id, state } = block.stay.trial;
      if (!model.isSelected(id)) continue;
      fill(context, block, this.context.pickedColor(id) ?? palette.states[state], 1);
    }
  }

  protected override drawOver(over: CanvasRenderingContext2D): void {
    const { hovered } = this.context.model;
    for (const block of this.blocks) {
      if (block.stay.trial.id !== hovered) continue;
      fill(over, block, this.context.pickedColor(hovered) ?? this.context.palette.accent, 1);
    }
  }

  protected override hit(point: Point): Hit | null {
    const block = this.blocks.find(
      ({ left, right, top, height }) =>
        point.x >= left - 1 &&
        point.x <= right + 1 &&
        point.y >= top - 2 &&
        point.y <= top + height + 2,
    );
    if (block === undefined) return null;
    const { trial, worker, from, to } = block.stay;
    return {
      id: trial.id,
      lines: [
        ["worker", worker],
        ["ran for", formatDuration(to - from)],
      ],
    };
  }
}

/** Ticks at whole minutes and hours, not at 1,000 seconds. */
function timeScale(length: number, range: readonly [number, number]): Scale {
  const plain = numberScale([0, length], range);
  const room = Math.max((range[1] - range[0]) / 90, 2);
  const step =
    STEPS.find((candidate) => length / candidate <= room) ??
    Math.ceil(length / room / 86400) * 86400;
  const ticks: Tick[] = [];
  for (let at = 0; at <= length; at += step) {
    ticks.push({ at: plain.at(at) ?? 0, text: at === 0 ? "0" : shortDuration(at) });
  }
  return { ...plain, ticks };
}

function shortDuration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return formatDuration(seconds)
    .replace(" 00 s", "")
    .replace(" 00 m", "")
    .replace(/ d 0 h$/, " d");
}

function fill(context: CanvasRenderingContext2D, block: Block, color: string, alpha: number): void {
  context.globalAlpha = alpha;
  context.fillStyle = color;
  const width = block.right - block.left;
  context.beginPath();
  context.roundRect(block.left, block.top, Math.max(width - 1, 1), block.height, width > 6 ? 2 : 0);
  context.fill();
  context.globalAlpha = 1;
}
