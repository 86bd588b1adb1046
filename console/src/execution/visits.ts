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

/** Moments are milliseconds since 1970. `pointer` is the state in the definition. `cameFrom`: the visit before, or that of
 * the state around, and the field of that state which led here, such as `Next` or `Catch/0/Next`. */
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
}

/** All visits of one state, by how they stand. `retries`: attempts beyond the first. */
export type Tally = Readonly<Partial<Record<Standing, { count: number; retries?: number }>>>;

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
  const pointers = new Map(visits.map((visit) => [visit.id, visit.pointer]));
  pointers.set(BEGINNING, "");
  const edges = new Set<string>();
  for (const { cameFrom, outcome, pointer, type } of visits) {
    const from = cameFrom && pointers.get(cameFrom.visit);
    if (cameFrom && from !== null && from !== undefined) edges.add(`${from}/${cameFrom.edge}`);
    if (outcome === "Succeeded" || (outcome !== null && type === "Fail")) edges.add(`${pointer}/End`);
  }
  return edges;
}
