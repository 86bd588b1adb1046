/** What an execution did: one visit for each time that a state was entered. */

export type Outcome = "Succeeded" | "Failed" | "Caught" | "Aborted" | "TimedOut";
/** How a visit stands: how it has ended, or that it has not. */
export type Standing = Outcome | "Running";

/** What is under way comes first, then what went wrong: that is what one looks for. */
export const STANDINGS = [
  "Running",
  "Failed",
  "TimedOut",
  "Caught",
  "Succeeded",
  "Aborted",
] as const satisfies Standing[];

/** Work of a visit that has failed. `number`: from 0 on. */
export interface Try {
  number: number;
  begun: number;
  ended: number;
  error: string | null;
}

/** Moments are milliseconds since 1970. `pointer` is the state in the definition. `cameFrom`: the visit before, or that of
 * the state around, and the field of that state which led here, such as `Next` or `Catch/0/Next`. `within` and `index`: the
 * visit of the Map or Parallel that it is in, and in which iteration or branch. `begun`: when its newest attempt was; null:
 * that one has failed, and is among `tries`. */
export interface Visit {
  id: number;
  path: string;
  pointer: string;
  type: string;
  started: number;
  ended: number | null;
  outcome: Outcome | null;
  attempts: number;
  error: string | null;
  cameFrom: { visit: number; edge: string } | null;
  within: number | null;
  index: number | null;
  begun: number | null;
  tries: readonly Try[];
}

/** All visits of one state, by how they stand. `retries`: attempts beyond the first. `millis`, `longest`: how long those took
 * that have ended, together and the longest. */
export type Tally = Readonly<
  Partial<Record<Standing, { count: number; retries?: number; millis?: number; longest?: number }>>
>;

/** The one word for all visits of a state; null if there is none. */
export const standing = (tally: Tally | undefined): Standing | null =>
  STANDINGS.find((each) => count(tally, each)) ?? null;

export const count = (tally: Tally | undefined, how: Standing): number => tally?.[how]?.count ?? 0;

export const total = (tally: Tally | undefined): number => STANDINGS.reduce((sum, each) => sum + count(tally, each), 0);

export const retries = (tally: Tally | undefined): number =>
  STANDINGS.reduce((sum, each) => sum + (tally?.[each]?.retries ?? 0), 0);

/** Where an execution came from that has only begun. */
const BEGINNING = 0;

/** Ids of the edges that were gone along: from where each visit came, never guessed from what was visited. */
export function taken(visits: readonly Visit[]): Set<string> {
  const pointers = pointersOf(visits);
  const edges = new Set<string>();
  for (const visit of visits) {
    for (const edge of [wayInto(visit, pointers), wayOut(visit)]) if (edge !== null) edges.add(edge);
  }
  return edges;
}

/** By id, which states were visited; and the beginning, which is not a state. */
export function pointersOf(visits: readonly Visit[]): Map<number, string> {
  const pointers = new Map(visits.map((visit) => [visit.id, visit.pointer]));
  return pointers.set(BEGINNING, "");
}

/** The edge by which a state was entered; null: nobody knows any more. */
export function wayInto({ cameFrom }: Visit, pointers: ReadonlyMap<number, string>): string | null {
  const from = cameFrom && pointers.get(cameFrom.visit);
  return cameFrom && from !== null && from !== undefined ? `${from}/${cameFrom.edge}` : null;
}

/** The edge to the end, if that is where a state led; else it is that of the visit which follows. */
export const wayOut = ({ outcome, pointer, type }: Visit): string | null =>
  outcome === "Succeeded" || (outcome !== null && type === "Fail") ? `${pointer}/End` : null;
