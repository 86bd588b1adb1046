/** What was tried last, for the picture: how its states stand, and the ways that were gone. */
import { useSyncExternalStore } from "react";
import type { Tally } from "../execution/visits";

export interface Result {
  tallies: ReadonlyMap<string, Tally>;
  taken: ReadonlySet<string>;
}

class Results {
  private now: Result | null = null;
  private readonly told = new Set<() => void>();

  readonly subscribe = (tell: () => void): (() => void) => {
    this.told.add(tell);
    return () => this.told.delete(tell);
  };

  readonly newest = (): Result | null => this.now;

  show(result: Result | null): void {
    this.now = result;
    for (const tell of this.told) tell();
  }
}

export const results = new Results();

/** Null: nothing was tried, or it is no longer looked at. */
export const useResult = (): Result | null => useSyncExternalStore(results.subscribe, results.newest);
