/** Visits as they are fetched, a window at a time, and how what a stream reports of them is put where they are. */
import type { Visit } from "./visits";

/** Those with ids above `after`, up to `next`; null: there are none behind. */
export interface VisitWindow {
  after: number;
  visits: readonly Visit[];
  next: number | null;
}

/** Whether nothing will change in it, unless a redrive goes on with what has failed. */
export const isSettled = ({ visits, next }: VisitWindow): boolean =>
  next !== null && visits.every(({ outcome }) => outcome !== null);

/** With what was reported of those that are in it; itself if none is. */
export function patched(window: VisitWindow, told: readonly Visit[]): VisitWindow {
  const here = told.filter(({ id }) => id > window.after && (window.next === null || id <= window.next));
  if (!here.length) return window;
  const visits = [...window.visits];
  for (const visit of here) {
    const place = placeOf(visits, visit.id);
    const known = visits[place];
    if (known?.id === visit.id) visits[place] = withTriesOf(known, visit);
    else visits.splice(place, 0, visit);
  }
  return { ...window, visits };
}

/** Where the visit of this id is, or would be. They stand in the order of their ids. */
export function placeOf(visits: readonly Visit[], id: number): number {
  let [low, high] = [0, visits.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((visits[middle]?.id ?? id) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of attempts that have failed, only those are reported that were not before. */
function withTriesOf(known: Visit, told: Visit): Visit {
  const numbers = new Set(told.tries.map(({ number }) => number));
  const before = known.tries.filter(({ number }) => !numbers.has(number));
  return before.length ? { ...told, tries: [...before, ...told.tries] } : told;
}
