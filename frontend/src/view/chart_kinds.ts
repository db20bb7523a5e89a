import { CurvesChart } from "../charts/curves_chart";
import type { ChartKind } from "./chart_slot";
import type { Context } from "./context";

/** The charts, in the order of their tabs. */
export function chartKinds(context: Context): ChartKind[] {
  return [
    {
      key: "curves",
      title: () => "Curves",
      available: () => true,
      create: () => new CurvesChart(context),
    },
  ];
}
