import { allColumns, type Column, hiddenAtFirst, metricKey, NAME } from "../data/columns";
import type { Buffer } from "../data/curves";
import { type Filter, parseFilter } from "../data/filter";
import { type Sort, sortTrials } from "../data/order";
import { type Trial, TrialStore } from "../data/store";
import { finite } from "../data/values";
import type { Objective, Request, StateMessage, TrialState } from "../protocol";

/** "view" is said of which trials are shown, "columns" of how the table shows them. */
export type Topic = "data" | "view" | "columns" | "selection" | "hover" | "theme";

/** What the colour of a trial says. */
export type ColorBy = "rank" | "experiment";

/** What all parts of a dashboard share: the trials, and what a person chose to see of them. */
export class Model {
  readonly store = new TrialStore();
  /** The ids of the selected trials, in the order in which they were selected. */
  selected: readonly string[] = [];
  hovered: string | null = null;
  filterText = "";
  readonly states = new Set<TrialState>();
  onlySelected = false;
  sort: Sort | null = null;
  columns: Column[] = [];
  /** The trials that pass the filter, in the order of the table. */
  shown: Trial[] = [];
  filter: Filter = { accepts: () => true, problems: [] };
  /** The experiments that the trials are from, where there are several. */
  experiments: string[] = [];
  private colorsByHand: ColorBy | null = null;
  private selectedSet: ReadonlySet<string> = new Set();
  private hiddenByHand = new Map<string, boolean>();
  private hiddenByDefault = new Set<string>();
  private goodness = new Map<string, number>();
  private readonly listeners = new Map<Topic, Set<() => void>>();

  constructor(private readonly sendRequest: (request: Request) => void = () => undefined) {}

  on(topics: readonly Topic[], listener: () => void): () => void {
    for (const topic of topics) {
      const known = this.listeners.get(topic) ?? new Set();
      this.listeners.set(topic, known.add(listener));
    }
    return () => {
      for (const topic of topics) this.listeners.get(topic)?.delete(listener);
    };
  }

  emit(topic: Topic): void {
    for (const listener of this.listeners.get(topic) ?? []) listener();
  }

  send(request: Request): void {
    this.sendRequest(request);
  }

  get objective(): Objective | undefined {
    return this.store.search.objectives[0];
  }

  apply(message: StateMessage, buffers: readonly Buffer[] = []): void {
    this.store.apply(message, buffers);
    const { search, trials } = this.store;
    this.columns = allColumns(search, trials.values());
    this.hiddenByDefault = hiddenAtFirst(search);
    this.experiments = experimentsOf(trials.values());
    this.goodness = goodnessOf([...trials.values()], this.objective);
    if (this.hovered !== null && !trials.has(this.hovered)) this.hovered = null;
    this.refilter();
    this.emit("data");
  }

  get colorBy(): ColorBy {
    if (this.experiments.length === 0) return "rank";
    return this.colorsByHand ?? "experiment";
  }

  setColorBy(colorBy: ColorBy): void {
    this.colorsByHand = colorBy;
    this.emit("view");
  }

  /** From 0, the worst trial, to 1, the best; undefined for a trial without a value. */
  goodnessOf(id: string): number | undefined {
    return this.goodness.get(id);
  }

  trial(id: string | null): Trial | undefined {
    return id === null ? undefined : this.store.trials.get(id);
  }

  /** The selected trials that there are. */
  selectedTrials(): Trial[] {
    return this.selected.map((id) => this.store.trials.get(id)).filter((t) => t !== undefined);
  }

  column(key: string): Column | undefined {
    return this.columns.find((column) => column.key === key);
  }

  isHidden(column: Column): boolean {
    return this.hiddenByHand.get(column.key) ?? this.hiddenByDefault.has(column.key);
  }

  hide(key: string, hidden: boolean): void {
    this.hiddenByHand.set(key, hidden);
    this.emit("columns");
  }

  sorting(): Sort {
    if (this.sort !== null) return this.sort;
    const tuned = this.objective;
    if (tuned === undefined) return { key: NAME, descending: false };
    return { key: metricKey(tuned.metric), descending: tuned.mode === "max" };
  }

  sortBy(key: string): void {
    const now = this.sorting();
    const first = this.store.search.objectives.find((o) => metricKey(o.metric) === key);
    const descending = now.key === key ? !now.descending : first?.mode === "max";
    this.sort = { key, descending };
    this.refilter();
    this.emit("columns");
  }

  setFilter(text: string): void {
    this.filterText = text;
    this.review();
  }

  toggleState(state: TrialState): void {
    if (!this.states.delete(state)) this.states.add(state);
    this.review();
  }

  showOnlySelected(only: boolean): void {
    this.onlySelected = only;
    this.review();
  }

  clearFilter(): void {
    this.states.clear();
    this.onlySelected = false;
    this.setFilter("");
  }

  get isFiltered(): boolean {
    return this.filterText.trim() !== "" || this.states.size > 0 || this.onlySelected;
  }

  hover(id: string | null): void {
    if (this.hovered === id) return;
    this.hovered = id;
    this.emit("hover");
  }

  select(ids: readonly string[]): void {
    const unique = [...new Set(ids)];
    if (sameList(unique, this.selected)) return;
    this.selected = unique;
    this.selectedSet = new Set(unique);
    const filtered = this.onlySelected;
    if (unique.length === 0) this.onlySelected = false;
    if (filtered) this.refilter();
    this.emit(filtered ? "view" : "selection");
    if (filtered) this.emit("selection");
  }

  toggleSelected(id: string): void {
    const without = this.selected.filter((other) => other !== id);
    this.select(without.length < this.selected.length ? without : [...this.selected, id]);
  }

  isSelected(id: string): boolean {
    return this.selectedSet.has(id);
  }

  private review(): void {
    this.refilter();
    this.emit("view");
  }

  private refilter(): void {
    this.filter = parseFilter(this.filterText, this.columns);
    const chosen = this.onlySelected ? this.selectedSet : null;
    const accepted = [...this.store.trials.values()].filter(
      (trial) =>
        (this.states.size === 0 || this.states.has(trial.state)) &&
        (chosen === null || chosen.has(trial.id)) &&
        this.filter.accepts(trial),
    );
    const { key, descending } = this.sorting();
    this.shown = sortTrials(accepted, this.column(key), descending);
  }
}

function experimentsOf(trials: Iterable<Trial>): string[] {
  const names = new Set<string>();
  for (const { experiment } of trials) if (experiment) names.add(experiment);
  return names.size > 1 ? [...names].sort() : [];
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

/** By rank, since one trial that diverged would make all others look the same. */
function goodnessOf(
  trials: readonly Trial[],
  objective: Objective | undefined,
): Map<string, number> {
  const result = new Map<string, number>();
  if (objective === undefined) return result;
  const sign = objective.mode === "max" ? 1 : -1;
  const known = trials
    .map((trial) => ({ id: trial.id, value: finite(trial.last.get(objective.metric)) }))
    .filter((t): t is { id: string; value: number } => t.value !== null)
    .sort((a, b) => sign * (a.value - b.value));
  known.forEach(({ id }, i) => {
    result.set(id, known.length === 1 ? 1 : i / (known.length - 1));
  });
  return result;
}
