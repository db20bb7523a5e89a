import { CurvesChart } from "../charts/curves_chart";
import { ImportanceChart } from "../charts/importance_chart";
import { ParallelChart } from "../charts/parallel_chart";
import { ScatterChart } from "../charts/scatter_chart";
import { ScheduleChart } from "../charts/schedule_chart";
import { TimelineChart } from "../charts/timeline_chart";
import { Compare } from "../table/compare";
import type { Context } from "../ui/context";
import type { ChartKind } from "./chart_slot";

/** The charts, in the order of their tabs. */
export function chartKinds(context: Context): ChartKind[] {
  const { store } = context.model;
  const always = (): boolean => true;
  return [
    kind("curves", "Curves", always, () => new CurvesChart(context)),
    kind(
      "parallel",
      "Parallel",
      () => store.search.params.length > 0,
      () => new ParallelChart(context),
    ),
    {
      key: "scatter",
      title: () => (store.search.objectives.length > 1 ? "Pareto front" : "Scatter"),
      available: always,
      create: () => new ScatterChart(context),
    },
    kind(
      "importance",
      "Importance",
      () => store.search.importance.length > 0 || store.search.importanceNote !== "",
      () => new ImportanceChart(context),
    ),
    kind(
      "schedule",
      "PBT",
      () => store.perturbations.length > 0,
      () => new ScheduleChart(context),
    ),
    kind(
      "timeline",
      "Timeline",
      () => hasSpans(context),
      () => new TimelineChart(context),
    ),
    {
      key: "compare",
      title: () => {
        const count = context.model.selected.length;
        return count === 0 ? "Compare" : `Compare (${count})`;
      },
      available: always,
      create: () => new Compare(context),
    },
  ];
}

/** What is worth a look beside the curves. */
export function preferredKind(context: Context): string {
  const { store } = context.model;
  if (store.perturbations.length > 0) return "schedule";
  if (store.search.objectives.length > 1) return "scatter";
  if (store.search.params.length > 0) return "parallel";
  return hasSpans(context) ? "timeline" : "scatter";
}

function kind(
  key: string,
  title: string,
  available: () => boolean,
  create: ChartKind["create"],
): ChartKind {
  return { key, title: () => title, available, create };
}

function hasSpans(context: Context): boolean {
  for (const trial of context.model.store.trials.values()) if (trial.spans?.length) return true;
  return false;
}
