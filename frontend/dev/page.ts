// dev/index.html?state=failures&theme=dark shows a made-up search; see states.ts.
import front, { mount, type WidgetModel } from "../src/index";
import { STATES } from "./states";

type Listener = (...args: never[]) => void;

/** The part of a widget's model that the bundle uses, without a kernel. */
class FakeModel implements WidgetModel {
  readonly sent: unknown[] = [];
  private readonly values = new Map<string, unknown>();
  private readonly listeners = new Map<string, Set<Listener>>();

  get(name: string): unknown {
    return this.values.get(name);
  }

  set(name: string, value: unknown): void {
    this.values.set(name, value);
    this.emit(`change:${name}`);
  }

  save_changes(): void {
    this.sent.push({ kind: "save" });
  }

  send(content: unknown): void {
    this.sent.push(content);
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) {
      (listener as (...values: unknown[]) => void)(...args);
    }
  }
}

const query = new URLSearchParams(location.search);
const theme = query.get("theme") ?? "light";
const name = query.get("state") ?? "failures";
document.documentElement.style.background = theme === "dark" ? "#111418" : "#ffffff";
const page = document.getElementById("page") as HTMLElement;
const model = new FakeModel();
model.set("options", { theme });
const made = (STATES[name] ?? STATES["failures"])?.();
if (made !== undefined) {
  if (query.has("report")) {
    const inline = { ...made.message, curves: [] };
    const stream = new Blob([JSON.stringify(inline)])
      .stream()
      .pipeThrough(new CompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    await mount(page, btoa(binary), { theme: theme === "dark" ? "dark" : "light" });
  } else {
    const began = performance.now();
    front.render({ model, el: page });
    model.emit(
      "msg:custom",
      made.message,
      made.buffers.map((buffer) => new DataView(buffer)),
    );
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        document.documentElement.dataset["drawn"] = String(performance.now() - began);
      }),
    );
  }
}
Object.assign(globalThis, { model, made, STATES });
