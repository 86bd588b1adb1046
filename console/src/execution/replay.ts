/** What an execution looked like at any moment: its visits folded forwards and backwards, only as far as one has moved. */
import { pointersOf, type Standing, type Tally, type Visit, wayInto, wayOut } from "./visits";

/** What the graph shows. What is as it was at the moment before is the same object. */
export interface Picture {
  tallies: ReadonlyMap<string, Tally>;
  taken: ReadonlySet<string>;
}

interface Happening {
  at: number;
  visit: Visit;
  kind: "begins" | "again" | "ends";
}

type Counts = Record<Standing, { count: number; retries: number }>;

export class Replay {
  /** When something happened, each moment once. */
  readonly moments: readonly number[];
  private readonly happenings: readonly Happening[];
  private readonly pointers: ReadonlyMap<number, string>;
  private readonly counts = new Map<string, Counts>();
  private readonly ways = new Map<string, number>();
  private past = 0;
  private picture: Picture = { tallies: new Map(), taken: new Set() };

  /** `around`: others, from which these may have been entered. */
  constructor(visits: readonly Visit[], around: readonly Visit[] = []) {
    this.pointers = pointersOf([...around, ...visits]);
    this.happenings = visits.flatMap(happeningsOf).sort((one, other) => one.at - other.at);
    this.moments = [...new Set(this.happenings.map(({ at }) => at))];
  }

  at(moment: number): Picture {
    const changed = new Set<string>();
    let waysChanged = false;
    const apply = (happening: Happening, by: 1 | -1) => {
      changed.add(happening.visit.pointer);
      this.count(happening, by);
      waysChanged = this.walk(happening, by) || waysChanged;
    };
    for (let next = this.happenings[this.past]; next && next.at <= moment; next = this.happenings[this.past]) {
      apply(next, 1);
      this.past += 1;
    }
    for (let last = this.happenings[this.past - 1]; last && last.at > moment; last = this.happenings[this.past - 1]) {
      apply(last, -1);
      this.past -= 1;
    }
    if (changed.size) this.picture = this.drawn(changed, waysChanged);
    return this.picture;
  }

  private count({ kind, visit }: Happening, by: 1 | -1): void {
    let counts = this.counts.get(visit.pointer);
    if (!counts) {
      counts = none();
      this.counts.set(visit.pointer, counts);
    }
    const retries = visit.attempts - 1;
    if (kind === "begins") {
      counts.Running.count += by;
      counts.Running.retries += by * (retries - triedAgain(visit).length);
    } else if (kind === "again") {
      counts.Running.retries += by;
    } else if (visit.outcome !== null) {
      for (const [standing, sign] of [["Running", -by] as const, [visit.outcome, by] as const]) {
        counts[standing].count += sign;
        counts[standing].retries += sign * retries;
      }
    }
  }

  /** Returns whether a way is new, or was gone along by nobody. */
  private walk({ kind, visit }: Happening, by: 1 | -1): boolean {
    const way = kind === "begins" ? wayInto(visit, this.pointers) : kind === "ends" ? wayOut(visit) : null;
    if (way === null) return false;
    const before = this.ways.get(way) ?? 0;
    if (before + by) this.ways.set(way, before + by);
    else this.ways.delete(way);
    return !before || !(before + by);
  }

  private drawn(changed: ReadonlySet<string>, waysChanged: boolean): Picture {
    const tallies = new Map(this.picture.tallies);
    for (const pointer of changed) {
      const counts = this.counts.get(pointer) ?? none();
      const tally = Object.fromEntries(Object.entries(counts).filter(([, { count }]) => count > 0));
      if (Object.keys(tally).length) tallies.set(pointer, structuredClone(tally));
      else tallies.delete(pointer);
    }
    return { tallies, taken: waysChanged ? new Set(this.ways.keys()) : this.picture.taken };
  }
}

const none = (): Counts => ({
  Running: { count: 0, retries: 0 },
  Succeeded: { count: 0, retries: 0 },
  Failed: { count: 0, retries: 0 },
  Caught: { count: 0, retries: 0 },
  Aborted: { count: 0, retries: 0 },
  TimedOut: { count: 0, retries: 0 },
});

/** Attempts that were followed by another one. */
const triedAgain = ({ tries, attempts }: Visit) => tries.filter(({ number }) => number < attempts - 1);

/** In their order, also where they are of one moment. */
function happeningsOf(visit: Visit): Happening[] {
  const again = triedAgain(visit).map(({ ended }) => ({ at: ended, visit, kind: "again" }) satisfies Happening);
  const ends: Happening[] = visit.ended === null ? [] : [{ at: visit.ended, visit, kind: "ends" }];
  return [{ at: visit.started, visit, kind: "begins" }, ...again, ...ends];
}

/** When something happened, in order, each moment once. */
export const momentsOf = (visits: readonly Visit[]): number[] =>
  [...new Set(visits.flatMap(happeningsOf).map(({ at }) => at))].sort((one, other) => one - other);

/** Visits as they were then: without those that came later. They stand in the order in which states were entered. */
export function asOf(visits: readonly Visit[], moment: number): Visit[] {
  const found: Visit[] = [];
  for (const visit of visits) {
    if (visit.started > moment) break;
    found.push(visit.ended === null || visit.ended <= moment ? visit : unended(visit, moment));
  }
  return found;
}

function unended(visit: Visit, moment: number): Visit {
  const tries = visit.tries.filter(({ ended }) => ended <= moment);
  const later = visit.tries.find(({ ended }) => ended > moment);
  const begun = later?.begun ?? visit.begun;
  return {
    ...visit,
    ended: null,
    outcome: null,
    error: tries.at(-1)?.error ?? null,
    attempts: Math.max(1, visit.attempts - (visit.tries.length - tries.length)),
    begun: begun !== null && begun <= moment ? begun : null,
    tries,
  };
}
