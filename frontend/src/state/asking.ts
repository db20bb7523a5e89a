import type { Request } from "../protocol";

/** Milliseconds after which a question is taken as lost, at first and at most. */
const [FIRST, LONGEST] = [1000, 30_000];

/**
 * Asks for the state until it arrives.
 *
 * A question can get lost: ipykernel 7 sends a widget's messages to the subshell that the widget
 * answered last, and refuses them for a moment after a reload, when the subshell of the page before
 * is gone. A kernel that is busy answers late, so that questions become rarer.
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
