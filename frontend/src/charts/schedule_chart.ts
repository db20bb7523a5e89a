import { copies, type Stretch, stretches, valueAt } from "../data/lineage";
import { formatNumber, formatText } from "../data/numbers";
import { finite } from "../data/values";
import { CanvasChart, type Hit, type Point } from "../plot/canvas_chart";
import { drawXAxis, drawYAxis, type Frame, labelWidth, noteInside } from "../plot/frame";
import { legend, legendState } from "../plot/legend";
import { categoryScale, numberScale, type Scale } from "../plot/scales";
import type { Context } from "../ui/context";
import { select } from "../ui/menu";

interface Bar {
  stretch: Stretch;
  x0: number;
  x1: number;
  y: number;
}

const REACH = 14;
/** Arrows of one iteration are so many pixels apart. */
const BESIDE = 5;
const LINEAGE = "lineage";

/**
 * Population-based training: what a hyperparameter was in each trial, and which trials went on from
 * the state of another.
 */
export class ScheduleChart extends CanvasChart {
  private name: string | null = null;
  private mode = "values";
  private plot: Frame = { left: 0, right: 0, top: 0, bottom: 0 };
  private bars: Bar[] = [];
  private x: Scale | null = null;
  private y: Scale | null = null;
  private all: Stretch[] = [];
  private shownControls = "";

  constructor(context: Context) {
    super(context, "Hyperparameters over the iterations, and which trials were copied");
  }

  private names(): string[] {
    const names = new Set<string>();
    for (const { params, before } of this.context.model.store.perturbations) {
      for (const name of [...Object.keys(before), ...Object.keys(params)]) names.add(name);
    }
    return [...names];
  }

  private param(): string {
    const names = this.names();
    return this.name !== null && names.includes(this.name) ? this.name : (names[0] ?? "");
  }

  protected override updateControls(): void {
    const names = this.names();
    const wanted = JSON.stringify([names, legendState(this.context)]);
    if (wanted === this.shownControls) return;
    this.shownControls = wanted;
    const choices = names.map((name) => ({ value: name, text: name }));
    const modes = [
      { value: "values", text: "values over iterations" },
      { value: LINEAGE, text: "trials over iterations" },
    ];
    this.controls.replaceChildren(
      select("Hyperparameter", choices, this.param(), (name) => {
        this.name = name;
        this.draw();
      }),
      select("Drawn as", modes, this.mode, (mode) => {
        this.mode = mode;
        this.draw();
      }),
      legend(this.context),
    );
  }

  protected override drawAll(): void {
    const { model, palette } = this.context;
    const axes = this.surface.clear("axes");
    const marks = this.surface.clear("marks");
    this.all = stretches(model.shown, model.store.perturbations, this.param());
    this.place(axes);
    const { x, y } = this;
    if (x === null || y === null || this.bars.length === 0) {
      noteInside(
        axes,
        palette,
        this.surface.width,
        this.surface.height,
        "No hyperparameter has changed yet",
      );
      return;
    }
    const title = this.mode === LINEAGE ? "trial" : this.param();
    drawYAxis(axes, palette, this.plot, y, title);
    drawXAxis(axes, palette, this.plot, x, "iteration");
    this.drawMarks(this.bars.length, (i) => {
      const bar = this.bars[i] as Bar;
      this.stroke(marks, bar, this.context.scaleColor(bar.stretch.trial.id), 3);
    });
    this.drawCopies(marks, () => true, palette.muted);
  }

  private place(context: CanvasRenderingContext2D): void {
    const { palette } = this.context;
    const { width, height } = this.surface;
    const [top, bottom] = [26, height - 40];
    this.y = this.yScale([bottom - 8, top + 8]);
    const left = 18 + labelWidth(context, palette, this.y);
    this.plot = { left, top, right: width - 18, bottom };
    const iterations = this.all.flatMap(({ from, to }) => [from, to]);
    this.x = numberScale(iterations, [left, width - 18], {
      ticks: Math.max(Math.round(width / 100), 2),
      whole: true,
    });
    this.bars = this.all.flatMap((stretch) => {
      const y = this.heightOf(stretch.trial.id, stretch.value);
      const [x0, x1] = [this.x?.at(stretch.from), this.x?.at(stretch.to)];
      return y === null || x0 == null || x1 == null ? [] : [{ stretch, x0, x1, y }];
    });
  }

  private yScale(range: readonly [number, number]): Scale {
    const { model } = this.context;
    if (this.mode === LINEAGE) {
      const names = [...model.shown].sort((a, b) => b.number - a.number).map(({ name }) => name);
      return categoryScale(names, range);
    }
    const values = this.all.map(({ value }) => value ?? null);
    if (values.some((value) => typeof value === "string")) return categoryScale(values, range);
    const numbers = values.map(finite).filter((v): v is number => v !== null);
    const info = model.store.search.params.find(({ name }) => name === this.param());
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const log = info?.log === true || (low > 0 && high / low >= 20);
    const ticks = Math.max(Math.round((range[0] - range[1]) / 44), 2);
    return numberScale(numbers, range, { log, ticks });
  }

  private heightOf(id: string, value: Parameters<Scale["at"]>[0]): number | null {
    const name = this.context.model.trial(id)?.name;
    return this.y?.at(this.mode === LINEAGE ? name : value) ?? null;
  }

  private stroke(context: CanvasRenderingContext2D, bar: Bar, color: string, width: number): void {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(bar.x0, bar.y);
    context.lineTo(Math.max(bar.x1 - 1, bar.x0 + 1), bar.y);
    context.stroke();
    context.lineCap = "butt";
  }

  /** A thin line from the trial that was copied to the one that went on from it. */
  private drawCopies(
    context: CanvasRenderingContext2D,
    wanted: (donor: string | null, receiver: string) => boolean,
    color: string,
  ): void {
    context.strokeStyle = color;
    context.fillStyle = color;
    context.lineWidth = 1;
    const before = new Map<number, number>();
    for (const { iteration, donor, receiver } of copies(this.context.model.store.perturbations)) {
      if (!wanted(donor, receiver)) continue;
      const x = this.x?.at(iteration) ?? null;
      const source = donor ?? receiver;
      const from = this.heightOf(source, valueAt(this.all, source, iteration));
      const to = this.heightOf(receiver, valueAt(this.all, receiver, iteration + 1));
      if (x === null || from === null || to === null) continue;
      const beside = before.get(iteration) ?? 0;
      before.set(iteration, beside + 1);
      arrow(context, x + beside * BESIDE, from, to);
    }
  }

  protected override drawPicked(context: CanvasRenderingContext2D): void {
    const { model } = this.context;
    for (const bar of this.bars) {
      const { id } = bar.stretch.trial;
      if (model.isSelected(id)) this.stroke(context, bar, this.context.color(id), 4);
    }
    this.drawCopies(
      context,
      (_, receiver) => model.isSelected(receiver),
      this.context.palette.text,
    );
  }

  protected override drawOver(over: CanvasRenderingContext2D): void {
    const { hovered } = this.context.model;
    if (hovered === null) return;
    const color = this.context.pickedColor(hovered) ?? this.context.palette.accent;
    for (const bar of this.bars) {
      if (bar.stretch.trial.id === hovered) this.stroke(over, bar, color, 4.5);
    }
    this.drawCopies(
      over,
      (donor, receiver) => donor === hovered || receiver === hovered,
      this.context.palette.text,
    );
  }

  protected override hit(point: Point): Hit | null {
    let best = REACH;
    let found: Bar | null = null;
    for (const bar of this.bars) {
      if (point.x < bar.x0 - 4 || point.x > bar.x1 + 4) continue;
      const distance = Math.abs(bar.y - point.y);
      if (distance < best) [best, found] = [distance, bar];
    }
    if (found === null) return null;
    const { trial, value, from, to } = found.stretch;
    return {
      id: trial.id,
      lines: [
        [this.param(), typeof value === "number" ? formatNumber(value, 5) : formatText(value)],
        ["iterations", `${from + 1} to ${to}`],
        ...this.donorLine(trial.id, from),
      ],
    };
  }

  private donorLine(id: string, iteration: number): [string, string][] {
    const { store } = this.context.model;
    const copied = store.perturbations.find((p) => p.id === id && p.iteration === iteration);
    const donor = store.trials.get(copied?.from ?? "");
    return donor === undefined ? [] : [["went on from", donor.name]];
  }
}

function arrow(context: CanvasRenderingContext2D, x: number, from: number, to: number): void {
  const head = Math.sign(to - from) * 5;
  context.beginPath();
  context.moveTo(x, from);
  context.lineTo(x, to);
  context.stroke();
  if (Math.abs(to - from) < 8) return;
  context.beginPath();
  context.moveTo(x, to);
  context.lineTo(x - 3, to - head);
  context.lineTo(x + 3, to - head);
  context.fill();
}
