import type { Buffer } from "./data/curves";
import { readSaved, unpack } from "./data/saved";
import type { PackedMessage, StateMessage } from "./protocol";
import { askForState } from "./state/asking";
import { Model } from "./state/model";
import { Dashboard, type Options } from "./view/dashboard";

/** Milliseconds after which a selection is taken as made. */
const SETTLED = 120;

/** What anywidget hands over, as far as it is used here. */
export interface WidgetModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
}

/** anywidget's entry: a view of a search that a kernel sends. */
function render({ model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
  const trials = new Model((request) => model.send(request));
  const dashboard = new Dashboard(trials, true, optionsOf(model.get("options")));
  const inbox = new Inbox(dashboard);
  const onMessage = (message: Message, buffers: Buffer[]): void =>
    inbox.receive(message, buffers ?? []);
  const onSelected = (): void => trials.select(idsOf(model.get("selected")));
  const onOptions = (): void => dashboard.setOptions(optionsOf(model.get("options")));
  const stop = syncSelection(trials, model);
  model.on("msg:custom", onMessage);
  model.on("change:selected", onSelected);
  model.on("change:options", onOptions);
  el.append(dashboard.element);
  dashboard.start();
  onSelected();
  const onSaved = (): void => {
    if (!inbox.heard) void show(dashboard, String(model.get("saved") ?? ""), () => inbox.heard);
  };
  model.on("change:saved", onSaved);
  onSaved();
  const stopAsking = askForState(
    (request) => model.send(request),
    () => inbox.heard,
  );
  return () => {
    stopAsking();
    model.off("msg:custom", onMessage);
    model.off("change:selected", onSelected);
    model.off("change:options", onOptions);
    model.off("change:saved", onSaved);
    stop();
    dashboard.dispose();
  };
}

type Message = StateMessage | PackedMessage;

/** Takes the messages one after the other, also while one of them is being unpacked. */
class Inbox {
  /** Whether a state has arrived: before it, changes mean nothing. */
  heard = false;
  private waiting: Promise<void> | null = null;

  constructor(private readonly dashboard: Dashboard) {}

  receive(message: Message, buffers: readonly Buffer[]): void {
    if (this.waiting === null && message?.kind !== "packed") {
      this.apply(message, buffers);
      return;
    }
    const done = (this.waiting ?? Promise.resolve()).then(() => this.take(message, buffers));
    this.waiting = done.finally(() => {
      if (this.waiting === last) this.waiting = null;
    });
    const last = this.waiting;
  }

  private async take(message: Message, buffers: readonly Buffer[]): Promise<void> {
    try {
      if (message?.kind !== "packed") this.apply(message, buffers);
      else if (buffers[0] !== undefined) this.apply(await unpack(buffers[0]), []);
    } catch (error) {
      this.dashboard.fail(`The trials cannot be shown (${String(error)}). Show the search again.`);
    }
  }

  private apply(message: StateMessage, buffers: readonly Buffer[]): void {
    if (message?.kind === "state") this.heard = true;
    if (this.heard && (message?.kind === "state" || message?.kind === "change")) {
      this.dashboard.apply(message, buffers);
    }
  }
}

/** While a selection is being dragged, only where it comes to rest is sent to Python. */
function syncSelection(trials: Model, model: WidgetModel): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = trials.on(["selection"], () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (idsOf(model.get("selected")).join("\n") === trials.selected.join("\n")) return;
      model.set("selected", [...trials.selected]);
      model.save_changes();
    }, SETTLED);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}

/** The report's entry: the same view of a saved state, without a kernel. */
export async function mount(el: HTMLElement, saved: string, options: Options = {}): Promise<void> {
  const dashboard = new Dashboard(new Model(), false, options);
  el.append(dashboard.element);
  dashboard.start();
  await show(dashboard, saved, () => false);
}

async function show(dashboard: Dashboard, saved: string, outdated: () => boolean): Promise<void> {
  if (saved === "") return;
  try {
    const state = await readSaved(saved);
    // Nobody is there to stop anything.
    Object.assign(state.search, { canStop: false, canStopTrials: false });
    if (!outdated()) dashboard.apply(state);
  } catch (error) {
    dashboard.fail(`The saved trials cannot be read (${String(error)}). Show the search again.`);
  }
}

function optionsOf(value: unknown): Options {
  return value !== null && typeof value === "object" ? (value as Options) : {};
}

function idsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

export default { render };
