import type { Request } from "../protocol";

/** Milliseconds after which a question is taken as lost, at first and at most. */
const [FIRST, LONGEST] = [1000, 30_000];

/**
 * Asks for the state until it arrives.
 *
 * The question or its answer can be lost: while a reloaded page connects to its kernel, a Jupyter
 * server drops messages. A kernel that is busy answers late, so that questions become rarer.
 */
export function askForState(
  send: (request: Request) => void,
  isAnswered: () => boolean,
): () => void {
  let pause = FIRST;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const askAgain = (): void => {
    if (isAnswered()) return;
    send({ kind: "ready", again: true });
    pause = Math.min(2 * pause, LONGEST);
    timer = setTimeout(askAgain, pause);
  };
  send({ kind: "ready" });
  timer = setTimeout(askAgain, pause);
  return () => clearTimeout(timer);
}
