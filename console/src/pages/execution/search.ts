/** What the address of an execution's page says: which view, and what is chosen in it. */
import { type Arranging, readSort } from "../../execution/arranging";
import { HEATS, type Heat } from "../../execution/heat";
import { STANDINGS } from "../../execution/visits";

export const VIEWS = ["graph", "timeline", "table", "events"] as const;
export type View = (typeof VIEWS)[number];

/** Of what is shown of a visit. */
export const PARTS = [
  "iterations",
  "input",
  "output",
  "changes",
  "compared",
  "logs",
  "attempts",
  "fields",
  "definition",
] as const;
export type Part = (typeof PARTS)[number];

/** `state`: pointer of a state in the definition. `visit`: one of its visits. `part`: what is shown of that. `event`: of the
 * history. `at`: the moment that is shown. `under`: the iteration or branch that is looked at, such as `Orders[17]`. `zoom`: a
 * part of the time, as `FROM-TO` in milliseconds since the start. `heat`: what colours the graph. `with`: the name of the
 * execution that this one is compared with. `nested`: the timeline shows what executions did that it has started. */
export interface ViewerSearch extends Given<Arranging> {
  view?: View;
  state?: string;
  visit?: number;
  part?: Part;
  event?: number;
  at?: number;
  under?: string;
  zoom?: string;
  heat?: Heat;
  with?: string;
  nested?: true;
}

type Given<Of> = { [Key in keyof Of]?: Exclude<Of[Key], undefined> };

const ZOOM = /^\d{1,15}-\d{1,15}$/;

const number = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0;

export function readViewerSearch({
  view,
  state,
  visit,
  event,
  at,
  under,
  zoom,
  with: other,
  nested,
  ...given
}: Record<string, unknown>): ViewerSearch {
  const known = VIEWS.find((each) => each === view);
  const part = PARTS.find((each) => each === given.part);
  const heat = HEATS.find((each) => each === given.heat);
  const standing = STANDINGS.find((each) => each === given.standing);
  const sort = readSort(given.sort);
  return {
    ...(known ? { view: known } : {}),
    ...(typeof state === "string" && state.startsWith("/") ? { state } : {}),
    ...(number(visit) ? { visit } : {}),
    ...(part ? { part } : {}),
    ...(number(event) ? { event } : {}),
    ...(number(at) ? { at } : {}),
    ...(typeof under === "string" && under !== "" ? { under } : {}),
    ...(typeof zoom === "string" && ZOOM.test(zoom) ? { zoom } : {}),
    ...(typeof given.find === "string" && given.find !== "" ? { find: given.find } : {}),
    ...(standing ? { standing } : {}),
    ...(sort ? { sort } : {}),
    ...(heat ? { heat } : {}),
    ...(typeof other === "string" && other !== "" ? { with: other } : {}),
    ...(nested === true ? { nested } : {}),
  };
}

/** What changes of what is shown; undefined: it stands in the address no longer. */
export type Change = { [Key in keyof ViewerSearch]?: ViewerSearch[Key] | undefined };
