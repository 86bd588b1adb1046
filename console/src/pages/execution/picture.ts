import { useQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useEffect, useMemo, useState } from "react";
import { isOver } from "../../api/executions";
import type { Execution } from "../../api/generated/console";
import type { Link } from "../../api/stream";
import { isOf, someVisits, talliesAt, useVisits, type Visits } from "../../api/visits";
import { asOf, momentsOf, type Picture, Replay } from "../../execution/replay";
import { taken, type Visit } from "../../execution/visits";
import { useToldByEvents } from "./told_by_events";

interface Wanted {
  /** The moment; undefined: now. */
  at: number | undefined;
  /** The iteration or branch that is looked at, such as `Orders[17]`; undefined: all of it. */
  under: string | undefined;
  /** All visits are, unless they are too many. */
  areAllWanted: boolean;
  /** What it runs, as a value. */
  definition: unknown;
}

export interface Shown extends Picture {
  visits: readonly Visit[];
  /** Those after that moment, too. */
  all: readonly Visit[];
  /** Those of a state, in the iteration that is looked at if the state is in it. */
  of: (pointer: string) => readonly Visit[];
  /** When something happened, in order; empty where that is not known here. */
  moments: readonly number[];
  /** Fetches visits that follow; null: there are none. */
  more: (() => void) | null;
  /** Why there are none. */
  error: Error | null;
  /** What its events tell, where visits are not kept. */
  told: Visits | null;
}

const NONE: readonly Visit[] = [];
/** While one moves the server is not asked for each moment. */
const ASKED_MILLIS = 100;
/** So many visits are folded while they still change. */
const FEW = 2_000;

/** How an execution stands, or stood at a moment, in whole or in one iteration. */
export function usePicture(
  arn: string,
  execution: Execution | undefined,
  link: Link,
  { at, under, areAllWanted, definition }: Wanted,
): Shown {
  const isPast = at !== undefined;
  const isChild = execution?.mapRun !== undefined;
  const kept = useVisits(arn, execution?.redrives ?? 0, isChild ? "live" : link, areAllWanted || isPast);
  const isWithout = kept.areNone && execution !== undefined && isOver(execution);
  const told = useToldByEvents(execution, definition, isChild || isWithout);
  const all = told ?? kept;
  const within = useWithin(arn, under, link, told);
  const whole = useWhole(arn, all, at);
  const part = useReplay(within, under !== undefined, all.visits)?.at(at ?? Number.POSITIVE_INFINITY);
  const picture = useMemo(() => (part ? inserted(whole, part, within) : whole), [whole, part, within]);

  const source = under === undefined ? all.visits : within;
  // Where visits are folded here they are the same until the picture is another one.
  const moment = all.areMany ? at : picture;
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const visits = useMemo(() => (isPast ? asOf(source, at) : source), [source, isPast, moment]);
  const scope = scopeOf(within);
  const of = useCallback(
    (pointer: string) => {
      const known = scope === null || pointer.startsWith(scope) ? visits : all.visits;
      return known.filter((visit) => visit.pointer === pointer);
    },
    [scope, visits, all.visits],
  );
  const known = useDeferredValue(source.length <= FEW || isPast || areAllWanted ? source : NONE);
  const moments = useMemo(() => momentsOf(known), [known]);
  return {
    ...picture,
    visits,
    all: source,
    of,
    moments,
    more: under === undefined ? all.more : null,
    error: all.error,
    told,
  };
}

/** The visits of an iteration or a branch. */
function useWithin(arn: string, under: string | undefined, link: Link, told: Visits | null): readonly Visit[] {
  const of = under === undefined ? {} : { under };
  const { data = NONE } = useQuery(someVisits(arn, of, under !== undefined && told === null, link));
  const found = useMemo(
    () => (under === undefined ? NONE : (told?.visits.filter((visit) => isOf(visit, { under })) ?? null)),
    [told, under],
  );
  return found ?? data;
}

/** Of all that it did: as the server counts it now, as its visits say of a moment, or as the server does where they are many. */
function useWhole(execution: string, { visits, tallies, areMany }: Visits, at: number | undefined): Picture {
  const ways = useMemo(() => taken(visits), [visits]);
  const replay = useReplay(visits, at !== undefined && !areMany);
  const asked = useSettled(areMany && at !== undefined ? Math.round(at) : undefined, ASKED_MILLIS);
  const { data = tallies } = useQuery(talliesAt(execution, asked));
  const counted = at === undefined ? tallies : data;
  const told = useMemo(() => ({ tallies: counted, taken: ways }), [counted, ways]);
  return (at !== undefined && replay?.at(at)) || told;
}

function useReplay(visits: readonly Visit[], isWanted: boolean, around: readonly Visit[] = NONE): Replay | null {
  const [settled, outside] = [useDeferredValue(visits), useDeferredValue(around)];
  return useMemo(() => (isWanted ? new Replay(settled, outside) : null), [settled, outside, isWanted]);
}

/** What the pointers of all states that an iteration can visit begin with. */
function scopeOf([first]: readonly Visit[]): string | null {
  return first ? first.pointer.slice(0, first.pointer.lastIndexOf("/States/") + 1) : null;
}

/** What lies in the scope of an iteration shows that iteration alone. */
function inserted(whole: Picture, part: Picture, within: readonly Visit[]): Picture {
  const scope = scopeOf(within);
  if (scope === null) return whole;
  const outside = <Thing>(things: Iterable<Thing>, idOf: (thing: Thing) => string) =>
    [...things].filter((thing) => !idOf(thing).startsWith(scope));
  return {
    tallies: new Map([...outside(whole.tallies, ([id]) => id), ...part.tallies]),
    taken: new Set([...outside(whole.taken, (id) => id), ...part.taken]),
  };
}

/** The value once it has not changed for so long. */
function useSettled<Value>(value: Value, millis: number): Value {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), millis);
    return () => clearTimeout(timer);
  }, [value, millis]);
  return settled;
}
