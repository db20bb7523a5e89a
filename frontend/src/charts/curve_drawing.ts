import type { Frame } from "../plot/frame";
import type { Palette } from "../ui/theme";
import { type CurveLine, type Panel, trace } from "./curve_lines";

export function frames(width: number, height: number, count: number): Frame[] {
  const [top, gap, foot] = [24, 44, 38];
  const each = (height - top - foot - gap * (count - 1)) / Math.max(count, 1);
  return Array.from({ length: count }, (_, i) => {
    const start = top + i * (each + gap);
    return { left: 56, right: width - 16, top: start, bottom: start + Math.max(each, 10) };
  });
}

/** The more lines there are, the lighter each of them is. */
export function strength(count: number): [width: number, alpha: number] {
  if (count <= 12) return [1.75, 0.95];
  if (count <= 60) return [1.4, 0.8];
  if (count <= 400) return [1.1, 0.55];
  return count <= 2000 ? [1, 0.3] : [1, 0.16];
}

export function strokeLine(
  context: CanvasRenderingContext2D,
  line: CurveLine,
  color: string,
  width: number,
): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  trace(context, line);
  context.stroke();
  if (line.px.length > 1) return;
  context.fillStyle = color;
  context.beginPath();
  context.arc(line.px[0] as number, line.py[0] as number, width + 1.5, 0, 7);
  context.fill();
}

export function endOf(line: CurveLine): { x: number; y: number } {
  for (let i = line.px.length - 1; i >= 0; i--) {
    const [x, y] = [line.px[i] as number, line.py[i] as number];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return { x, y };
  }
  return { x: Number.NaN, y: Number.NaN };
}

/** A staircase: the best value so far stays the best until there is a better one. */
export function drawBest(
  over: CanvasRenderingContext2D,
  palette: Palette,
  { best, x, y }: Panel,
): void {
  if (best === null) return;
  over.beginPath();
  let before: number | null = null;
  for (let i = 0; i < best.x.length; i++) {
    const [px, py] = [x.at(best.x[i]), y.at(best.y[i])];
    if (px === null || py === null) continue;
    if (before === null) over.moveTo(px, py);
    else {
      over.lineTo(px, before);
      over.lineTo(px, py);
    }
    before = py;
  }
  over.strokeStyle = palette.text;
  over.globalAlpha = 0.65;
  over.lineWidth = 1.25;
  over.setLineDash([4, 3]);
  over.stroke();
  over.setLineDash([]);
  over.globalAlpha = 1;
}
