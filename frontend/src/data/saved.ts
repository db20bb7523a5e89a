import type { StateMessage } from "../protocol";

/** The state that Python saved: base64 of gzip of JSON. */
export async function readSaved(saved: string): Promise<StateMessage> {
  const binary = atob(saved.trim());
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text()) as StateMessage;
}
