/** Which visits have assigned the variables that a state could read when it was entered. */
import { items, member, valueAt } from "../document/value";
import type { Visit } from "./visits";

/** Loops have no end; longer ways are followed so far. */
const LONGEST = 10_000;

/** The oldest first, so that what a later one assigned counts. Of each state the newest: it assigns the same names each time. */
export function assigners(visits: readonly Visit[], visit: Visit, definition: unknown): Visit[] {
  const known = new Map(visits.map((each) => [each.id, each]));
  const found = new Map<string, Visit>();
  let from = visit.cameFrom;
  for (let steps = 0; from && steps < LONGEST; steps += 1) {
    const before = known.get(from.visit);
    if (!before) break;
    // A state around has not ended, so it has assigned nothing yet.
    const isAround = from.edge.endsWith("StartAt");
    if (!isAround && !found.has(before.pointer) && assigns(valueAt(definition, before.pointer)))
      found.set(before.pointer, before);
    from = before.cameFrom;
  }
  return [...found.values()].reverse();
}

const assigns = (state: unknown): boolean =>
  [state, ...items(member(state, "Choices")), ...items(member(state, "Catch"))].some(
    (each) => member(each, "Assign") !== undefined,
  );
