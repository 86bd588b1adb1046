/** Visits as bars beside each other: what lay in what, which attempts there were, and crowds of iterations as one. */
import type { Scale } from "./scale";
import type { Standing, Visit } from "./visits";

/** `depth`: how many states are around it. `crowd`: of a Map with so many iterations that they are shown as one, what is in it.
 * `of`: the execution that the visit is of, if it is one that this one has started; `begins`: it is the first of that. */
export interface Bar {
  visit: Visit;
  depth: number;
  crowd: { visits: readonly Visit[]; iterations: number } | null;
  of: Nested | null;
  begins?: boolean;
}

/** An execution that a visit has started. */
export interface Nested {
  arn: string;
  visits: readonly Visit[];
}

const NONE: ReadonlyMap<number, Nested> = new Map();

/** Iterations of one Map that are shown each by itself. */
export const MOST_ITERATIONS = 200;

/** What is in a state follows it: branch by branch, iteration by iteration. `nested`: by the ids of the visits that have started
 * them; what they did follows, too. */
export function barsOf(visits: readonly Visit[], nested: ReadonlyMap<number, Nested> = NONE): Bar[] {
  const known = new Set(visits.map(({ id }) => id));
  const inside = new Map<number | null, Visit[]>();
  for (const visit of visits) {
    const around = visit.within !== null && known.has(visit.within) ? visit.within : null;
    const others = inside.get(around);
    if (others) others.push(visit);
    else inside.set(around, [visit]);
  }
  const bars: Bar[] = [];
  const put = (around: number | null, depth: number) => {
    const found = inside.get(around) ?? [];
    if (around !== null) found.sort((one, other) => (one.index ?? 0) - (other.index ?? 0) || one.id - other.id);
    for (const visit of found) {
      const iterations = new Set(inside.get(visit.id)?.map(({ index }) => index)).size;
      const isCrowd = iterations > MOST_ITERATIONS;
      bars.push({ visit, depth, crowd: isCrowd ? { visits: all(visit.id, inside), iterations } : null, of: null });
      if (!isCrowd) put(visit.id, depth + 1);
      const of = nested.get(visit.id);
      const theirs = of ? barsOf(of.visits) : [];
      for (const [index, bar] of theirs.entries()) {
        bars.push({ ...bar, depth: bar.depth + depth + 1, of: of ?? null, begins: index === 0 });
      }
    }
  };
  put(null, 0);
  return bars;
}

function all(around: number, inside: ReadonlyMap<number | null, Visit[]>): Visit[] {
  const found = [...(inside.get(around) ?? [])];
  // What is found grows while it is gone through.
  for (const visit of found) for (const inner of inside.get(visit.id) ?? []) found.push(inner);
  return found;
}

/** `waits`: until the next attempt. `fails`: an attempt that was not the last one. */
export interface Segment {
  kind: "waits" | "fails" | "works";
  from: number;
  to: number;
  error: string | null;
}

/** What a visit was at, one after the other; `now` is where one that has not ended ends. */
export function segmentsOf(visit: Visit, now: number): Segment[] {
  const end = Math.max(visit.started, visit.ended ?? now);
  const found: Segment[] = [];
  let time = visit.started;
  const put = (kind: Segment["kind"], to: number, error: string | null = null) => {
    if (to > time) found.push({ kind, from: time, to, error });
    time = Math.max(time, to);
  };
  for (const { begun, ended, error } of visit.tries) {
    put("waits", Math.min(begun, end));
    put("fails", Math.min(ended, end), error);
  }
  if (visit.begun !== null) {
    put("waits", Math.min(visit.begun, end));
    put("works", end, visit.error);
  } else if (visit.outcome === null) put("waits", end);
  if (!found.length) found.push({ kind: "works", from: visit.started, to: end, error: visit.error });
  return found;
}

export const standingOf = ({ outcome }: Visit): Standing => outcome ?? "Running";

/** How many of a crowd were under way in each part of the line, and how many had failed there. */
export function density(visits: readonly Visit[], scale: Scale, parts: number, now: number) {
  const running = new Array<number>(parts).fill(0);
  const failed = new Array<number>(parts).fill(0);
  const part = (time: number) => Math.min(parts - 1, Math.floor(scale.place(time) * parts));
  for (const { started, ended, outcome, tries } of visits) {
    const end = ended ?? now;
    if (end < scale.from || started > scale.to) continue;
    // Where it begins one more is under way, and behind its end one less.
    const [first, last] = [part(started), part(end)];
    running[first] = (running[first] ?? 0) + 1;
    if (last + 1 < parts) running[last + 1] = (running[last + 1] ?? 0) - 1;
    const failures = [
      ...tries.map((each) => each.ended),
      ...(outcome === "Failed" || outcome === "TimedOut" ? [end] : []),
    ];
    for (const time of failures) {
      if (time >= scale.from && time <= scale.to) failed[part(time)] = (failed[part(time)] ?? 0) + 1;
    }
  }
  let sum = 0;
  for (const [index, change] of running.entries()) {
    sum += change;
    running[index] = sum;
  }
  return { running, failed };
}
