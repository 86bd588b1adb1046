/** What the address of an execution's page says: which view, and what is chosen in it. */

export const VIEWS = ["graph", "table", "events"] as const;
export type View = (typeof VIEWS)[number];

/** `state`: pointer of a state in the definition. `visit`: one of its visits. `event`: of the history. */
export interface ViewerSearch {
  view?: View;
  state?: string;
  visit?: number;
  event?: number;
}

const number = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0;

export function readViewerSearch({ view, state, visit, event }: Record<string, unknown>): ViewerSearch {
  const known = VIEWS.find((each) => each === view);
  return {
    ...(known ? { view: known } : {}),
    ...(typeof state === "string" && state.startsWith("/") ? { state } : {}),
    ...(number(visit) ? { visit } : {}),
    ...(number(event) ? { event } : {}),
  };
}
