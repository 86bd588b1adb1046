import type { Standing } from "../execution/visits";

/** Beside its colour, so that nobody needs to tell colours apart. */
export const SIGNS: Record<Standing, string> = {
  Running: "●",
  Succeeded: "✓",
  Failed: "✕",
  TimedOut: "✕",
  Caught: "⚠",
  Aborted: "■",
};
