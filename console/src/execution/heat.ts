/** How much of something each state has, of one execution or of many: where the time goes, and where it fails. */
import { count, retries, STANDINGS, type Tally, total } from "./visits";

export const HEATS = ["time", "retries", "failures"] as const;
export type Heat = (typeof HEATS)[number];

export interface Warmth {
  /** Of the most that a state has, from 0 to 1. */
  share: number;
  /** `time`: milliseconds of all visits together, and of the longest. `retries`: attempts beyond the first, of all visits.
   * `failures`: attempts that failed, of all visits. */
  amount: number;
  of: number;
}

type Tallies = ReadonlyMap<string, Tally>;

export function heatOf(tallies: Tallies, by: Heat): Map<string, Warmth> {
  const found = new Map<string, Warmth>();
  let most = 0;
  for (const [pointer, tally] of tallies) {
    const [amount, of] = MEASURES[by](tally);
    if (amount > 0) found.set(pointer, { share: 0, amount, of });
    most = Math.max(most, amount);
  }
  for (const warmth of found.values()) warmth.share = warmth.amount / most;
  return found;
}

const times = (tally: Tally): [number, number] => [
  STANDINGS.reduce((sum, each) => sum + (tally[each]?.millis ?? 0), 0),
  STANDINGS.reduce((most, each) => Math.max(most, tally[each]?.longest ?? 0), 0),
];

const again = (tally: Tally): [number, number] => [retries(tally), total(tally)];

/** Attempts that were tried again have failed, too. */
const failures = (tally: Tally): [number, number] => [
  count(tally, "Failed") + count(tally, "TimedOut") + count(tally, "Caught") + retries(tally),
  total(tally),
];

const MEASURES: Record<Heat, (tally: Tally) => [number, number]> = { time: times, retries: again, failures };

/** Those of several executions as if they were one. */
export function merged(all: readonly Tallies[]): Map<string, Tally> {
  const found = new Map<string, Record<string, { count: number; retries: number; millis: number; longest: number }>>();
  for (const tallies of all) {
    for (const [pointer, tally] of tallies) {
      const sums = found.get(pointer) ?? {};
      found.set(pointer, sums);
      for (const each of STANDINGS) {
        const more = tally[each];
        if (!more) continue;
        const sum = sums[each] ?? { count: 0, retries: 0, millis: 0, longest: 0 };
        sums[each] = {
          count: sum.count + more.count,
          retries: sum.retries + (more.retries ?? 0),
          millis: sum.millis + (more.millis ?? 0),
          longest: Math.max(sum.longest, more.longest ?? 0),
        };
      }
    }
  }
  return found;
}
