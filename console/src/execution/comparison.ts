/**
 * Two executions of one state machine beside each other, visit by visit. Visits are paired by their path and by how often it
 * was gone before: branches that run side by side have no order that would mean anything.
 */
import type { Visit } from "./visits";

/** `way`: both went on from here, but not alike. */
export type How = "onlyHere" | "onlyThere" | "outcome" | "way";

export interface Difference {
  path: string;
  pointer: string;
  how: How;
  here: Visit | null;
  there: Visit | null;
  /** Which fields of the state led on, such as `Choices/0/Next`. */
  ways: { here: string[]; there: string[] };
}

export interface Side {
  visits: number;
  /** Without success. */
  failed: number;
  /** Of those that have ended. */
  millis: number;
}

export interface StateComparison {
  how: "same" | "onlyHere" | "onlyThere" | "differs";
  here: Side;
  there: Side;
}

export interface Comparison {
  /** In the order of the execution; what follows from it mostly differs, too. */
  first: Difference | null;
  /** How many visits differ. */
  differences: number;
  /** By pointer. */
  states: ReadonlyMap<string, StateComparison>;
}

export function compared(here: readonly Visit[], there: readonly Visit[]): Comparison {
  const [left, right] = [keyed(here), keyed(there)];
  const [fromHere, fromThere] = [leading(here), leading(there)];
  const found: Difference[] = [];
  const tell = (one: Visit | null, other: Visit | null, how: How) => {
    const { path, pointer } = (one ?? other) as Visit;
    const ways = {
      here: (one && fromHere.get(one.id)) ?? [],
      there: (other && fromThere.get(other.id)) ?? [],
    };
    found.push({ path, pointer, how, here: one, there: other, ways });
  };
  for (const [key, one] of left) {
    const other = right.get(key) ?? null;
    if (!other) tell(one, null, "onlyHere");
    else if (one.outcome !== other.outcome || one.error !== other.error) tell(one, other, "outcome");
    else if (String(fromHere.get(one.id)) !== String(fromThere.get(other.id))) tell(one, other, "way");
  }
  for (const [key, other] of right) if (!left.has(key)) tell(null, other, "onlyThere");
  return { first: found[0] ?? null, differences: found.length, states: byState(here, there, found) };
}

/** The visit over there that belongs to one over here. */
export function partner(here: readonly Visit[], visit: Visit, there: readonly Visit[]): Visit | null {
  for (const [key, one] of keyed(here)) if (one.id === visit.id) return keyed(there).get(key) ?? null;
  return null;
}

/** `path`, and which time it was. */
function keyed(visits: readonly Visit[]): Map<string, Visit> {
  const times = new Map<string, number>();
  const found = new Map<string, Visit>();
  for (const visit of visits) {
    const time = (times.get(visit.path) ?? 0) + 1;
    times.set(visit.path, time);
    found.set(`${time} ${visit.path}`, visit);
  }
  return found;
}

/** The fields by which each visit led on. */
function leading(visits: readonly Visit[]): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const { cameFrom } of visits) {
    if (!cameFrom) continue;
    const edges = found.get(cameFrom.visit);
    if (!edges) found.set(cameFrom.visit, [cameFrom.edge]);
    // Each item of a Map begins by the same one.
    else if (!edges.includes(cameFrom.edge)) edges.push(cameFrom.edge);
  }
  for (const edges of found.values()) edges.sort();
  return found;
}

function byState(
  here: readonly Visit[],
  there: readonly Visit[],
  differences: readonly Difference[],
): Map<string, StateComparison> {
  const found = new Map<string, StateComparison>();
  const add = (side: "here" | "there", visits: readonly Visit[]) => {
    for (const visit of visits) {
      const state = found.get(visit.pointer) ?? { how: "same", here: none(), there: none() };
      found.set(visit.pointer, state);
      state[side].visits += 1;
      if (visit.outcome !== null && visit.outcome !== "Succeeded") state[side].failed += 1;
      if (visit.ended !== null) state[side].millis += visit.ended - visit.started;
    }
  };
  add("here", here);
  add("there", there);
  const differing = new Set(differences.map(({ pointer }) => pointer));
  for (const [pointer, state] of found) {
    if (!state.there.visits) state.how = "onlyHere";
    else if (!state.here.visits) state.how = "onlyThere";
    else if (differing.has(pointer)) state.how = "differs";
  }
  return found;
}

const none = (): Side => ({ visits: 0, failed: 0, millis: 0 });
