import type { Palette } from "../ui/theme";
import type { Scale } from "./scales";

/** The part of a surface inside the axes. */
export interface Frame {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const SMALL = 11;

export function font(palette: Palette, size = SMALL, weight = ""): string {
  return `${weight} ${size}px ${palette.font}`.trim();
}

/** Text cut to a width, with an ellipsis. */
export function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  const short = text.length > 120 ? text.slice(0, 120) : text;
  if (context.measureText(short).width <= width && short === text) return text;
  let [low, high] = [0, short.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${short.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "" : `${short.slice(0, low)}…`;
}

/** The room that an axis' labels need at the left. */
export function labelWidth(
  context: CanvasRenderingContext2D,
  palette: Palette,
  scale: Scale,
  most = 110,
): number {
  context.font = font(palette);
  const widths = scale.ticks.map(({ text }) => context.measureText(text).width);
  return Math.min(Math.max(...widths, 8), most);
}

export function drawXAxis(
  context: CanvasRenderingContext2D,
  palette: Palette,
  frame: Frame,
  scale: Scale,
  title: string,
): void {
  const { left, right, bottom, top } = frame;
  context.font = font(palette);
  context.lineWidth = 1;
  context.strokeStyle = palette.grid;
  context.fillStyle = palette.muted;
  context.textAlign = "center";
  context.textBaseline = "top";
  let free = Number.NEGATIVE_INFINITY;
  const room = scale.kind === "category" ? (right - left) / Math.max(scale.ticks.length, 1) : 90;
  for (const { at, text } of scale.ticks) {
    if (scale.kind !== "category") line(context, at, top, at, bottom);
    const label = fitted(context, text, Math.max(room - 6, 24));
    const half = context.measureText(label).width / 2;
    const middle = Math.min(Math.max(at, left - 6 + half), right + 10 - half);
    if (middle - half < free) continue;
    context.fillText(label, middle, bottom + 6);
    free = middle + half + 8;
  }
  context.strokeStyle = palette.muted;
  context.globalAlpha = 0.5;
  line(context, left, bottom, right, bottom);
  context.globalAlpha = 1;
  context.fillText(fitted(context, title, right - left), (left + right) / 2, bottom + 21);
}

export function drawYAxis(
  context: CanvasRenderingContext2D,
  palette: Palette,
  frame: Frame,
  scale: Scale,
  title: string,
): void {
  const { left, right, top } = frame;
  context.font = font(palette);
  context.lineWidth = 1;
  context.strokeStyle = palette.grid;
  context.fillStyle = palette.muted;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { at, text } of scale.ticks) {
    if (scale.kind !== "category") line(context, left, at, right, at);
    context.fillText(fitted(context, text, left - 8), left - 7, at);
  }
  context.textAlign = "left";
  context.textBaseline = "bottom";
  context.fillStyle = palette.text;
  context.font = font(palette, SMALL, "600");
  context.fillText(fitted(context, title, right - 10), 10, top - 7);
}

export function line(
  context: CanvasRenderingContext2D,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): void {
  context.beginPath();
  context.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
  context.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
  context.stroke();
}

export function clip(context: CanvasRenderingContext2D, frame: Frame, room = 3): void {
  context.beginPath();
  context.rect(
    frame.left - room,
    frame.top - room,
    frame.right - frame.left + 2 * room,
    frame.bottom - frame.top + 2 * room,
  );
  context.clip();
}

/** Text that stays readable over marks. */
export function haloText(
  context: CanvasRenderingContext2D,
  palette: Palette,
  text: string,
  x: number,
  y: number,
): void {
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = palette.surface;
  context.strokeText(text, x, y);
  context.fillText(text, x, y);
}

/** A sentence in the middle of the part that has nothing to draw. */
export function noteAt(
  context: CanvasRenderingContext2D,
  palette: Palette,
  { left, right, top, bottom }: Frame,
  text: string,
): void {
  context.font = font(palette, 13);
  context.fillStyle = palette.muted;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(fitted(context, text, right - left), (left + right) / 2, (top + bottom) / 2);
}

export function noteInside(
  context: CanvasRenderingContext2D,
  palette: Palette,
  width: number,
  height: number,
  text: string,
): void {
  noteAt(context, palette, { left: 12, right: width - 12, top: 0, bottom: height }, text);
}
