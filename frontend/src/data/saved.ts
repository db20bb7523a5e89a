import type { StateMessage } from "../protocol";
import type { Buffer } from "./curves";

/** The state that Python saved: base64 of gzip of JSON. */
export async function readSaved(saved: string): Promise<StateMessage> {
  return unpack(Uint8Array.from(atob(saved.trim()), (character) => character.charCodeAt(0)));
}

/** A state as gzip of JSON. */
export async function unpack(packed: Buffer): Promise<StateMessage> {
  const bytes = ArrayBuffer.isView(packed)
    ? new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength)
    : new Uint8Array(packed);
  // A copy: a frontend may hand over memory that it shares, which a Blob does not take.
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text()) as StateMessage;
}
