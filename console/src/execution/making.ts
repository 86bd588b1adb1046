/** Visits for tests. */
import type { Visit } from "./visits";

let newest = 0;

/** Of a Task named `A`, at its first attempt, unless one says otherwise. */
export function made(more: Partial<Visit> = {}): Visit {
  const path = more.path ?? "A";
  return {
    id: ++newest,
    path,
    pointer: `/States/${path}`,
    type: "Task",
    started: 0,
    ended: null,
    outcome: null,
    attempts: 1,
    error: null,
    cameFrom: null,
    within: null,
    index: null,
    begun: more.started ?? 0,
    tries: [],
    ...more,
  };
}
