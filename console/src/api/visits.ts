/** What an execution did, state by state. */
import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useQuery,
} from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { type Standing, type Tally, total, type Visit } from "../execution/visits";
import { isSettled, patched, type VisitWindow } from "../execution/windows";
import { get, part } from "./client";
import { VIEWED_MILLIS } from "./executions";
import type { Tallies, VisitData, VisitPage, VisitRow } from "./generated/console";
import { asking } from "./live";
import type { Link } from "./stream";

/** At once; most executions have fewer. */
const WINDOW = 2_000;
/** More are not fetched to fold them here; the server is asked instead. */
export const MOST_FOLDED = 20_000;

const route = (execution: string, rest: string) => `executions/${part(execution)}/${rest}`;

export function visitOf(row: VisitRow): Visit {
  const [id, path, pointer, type, started, ended, outcome, attempts, error, cameFrom, edge, ...more] = row;
  const [within, index, begun, tries] = more;
  return {
    id,
    path,
    pointer,
    type,
    started,
    ended,
    outcome,
    attempts,
    error,
    cameFrom: cameFrom === null || edge === null ? null : { visit: cameFrom, edge },
    within,
    index,
    begun,
    tries: tries.map(([number, begun, ended, error]) => ({ number, begun, ended, error })),
  };
}

/** Which visits are wanted: of a state, that stand so, in an iteration or branch such as `Orders[17]`. */
export interface Of {
  pointer?: string;
  standing?: Standing;
  under?: string;
}

/** Whether one that is reported is among these. What is looked for by its outcome is read again instead. */
export const isOf = ({ path, pointer }: Visit, of: Of): boolean =>
  of.standing === undefined &&
  (of.pointer === undefined || of.pointer === pointer) &&
  (of.under === undefined || path.startsWith(`${of.under}/`));

/** What is reported while visits are read may be newer than what is read then: by execution, for each reading. */
const told = new Map<string, Set<Visit[]>>();

export function tellWhatIsRead(execution: string, visits: readonly Visit[]): void {
  for (const meanwhile of told.get(execution) ?? []) meanwhile.push(...visits);
}

async function read(execution: string, asked: Of & { after: number }, signal: AbortSignal): Promise<VisitWindow> {
  const meanwhile: Visit[] = [];
  const readings = told.get(execution) ?? new Set();
  told.set(execution, readings.add(meanwhile));
  try {
    const page = await get<VisitPage>(route(execution, "visits"), { ...asked, limit: WINDOW }, signal);
    const window = { after: asked.after, visits: page.rows.map(visitOf), next: page.next ?? null };
    return patched(
      window,
      meanwhile.filter((visit) => isOf(visit, asked)),
    );
  } finally {
    readings.delete(meanwhile);
    if (!readings.size) told.delete(execution);
  }
}

/** Of an execution that was redriven once more they are others: what had ended goes on. */
const visitsOf = (execution: string, redrives: number, link: Link) =>
  infiniteQueryOptions({
    queryKey: ["visits", execution, redrives],
    queryFn: async ({ pageParam, signal, client, queryKey }) => {
      const known = client.getQueryData<InfiniteData<VisitWindow>>(queryKey);
      const window = known?.pages.find(({ after }) => after === pageParam);
      return window && isSettled(window) ? window : read(execution, { after: pageParam }, signal);
    },
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next ?? undefined,
    refetchInterval: asking(link, VIEWED_MILLIS),
    placeholderData: (before, query) => (query?.queryKey[1] === execution ? before : undefined),
  });

export const talliesOf = (execution: string, link: Link) =>
  queryOptions({
    queryKey: ["tallies", execution],
    queryFn: ({ signal }) => get<Tallies>(route(execution, "tallies"), {}, signal),
    refetchInterval: asking(link, VIEWED_MILLIS),
  });

const shown = ({ tallies }: Tallies): ReadonlyMap<string, Tally> => new Map(Object.entries(tallies));

export interface Visits {
  visits: readonly Visit[];
  /** Of all visits, also of those that were not fetched. */
  tallies: ReadonlyMap<string, Tally>;
  /** Fetches those that follow; null if there are none. */
  more: (() => void) | null;
  /** There are more than can be fetched to fold them. */
  areMany: boolean;
  /** Why there are none here. */
  error: Error | null;
}

/** As they are now. `link`: how the page hears of changes. `areAllWanted`: they are fetched to the last, unless they are many.
 * `areNone`: that is known. */
export function useVisits(
  execution: string,
  redrives: number,
  link: Link,
  areAllWanted = false,
): Visits & { areNone: boolean } {
  const asked = useInfiniteQuery(visitsOf(execution, redrives, link));
  const { data, hasNextPage, isFetching, fetchNextPage } = asked;
  const { data: tallies = NO_TALLIES } = useQuery({ ...talliesOf(execution, link), select: shown });
  const visits = useMemo(() => data?.pages.flatMap((page) => page.visits) ?? [], [data]);
  const areMany =
    useMemo(() => [...tallies.values()].reduce((sum, each) => sum + total(each), 0), [tallies]) > MOST_FOLDED;
  const isNextWanted = areAllWanted && !areMany && hasNextPage && !isFetching;
  useEffect(() => {
    if (isNextWanted) void fetchNextPage();
  }, [isNextWanted, fetchNextPage]);
  const more = () => {
    if (!isFetching) void fetchNextPage();
  };
  const areNone = data !== undefined && visits.length === 0;
  return { visits, tallies, more: hasNextPage ? more : null, areMany, error: data ? null : asked.error, areNone };
}

const NO_TALLIES: ReadonlyMap<string, Tally> = new Map();

/** As it stood at a moment, for one whose visits are too many to fold them here. */
export const talliesAt = (execution: string, at: number | undefined) =>
  queryOptions({
    queryKey: ["tallies-at", execution, at],
    queryFn: ({ signal }) => get<Tallies>(route(execution, "tallies"), { at }, signal),
    select: shown,
    enabled: at !== undefined,
    placeholderData: keepPreviousData,
  });

/** Enough of them to look at. */
export const someVisits = (execution: string, of: Of, isWanted: boolean, link: Link = "live") =>
  queryOptions({
    queryKey: ["some-visits", execution, of],
    queryFn: ({ signal }) => read(execution, { ...of, after: 0 }, signal),
    select: ({ visits }: VisitWindow) => visits,
    enabled: isWanted,
    refetchInterval: asking(link, VIEWED_MILLIS),
  });

/** Asked for again when it has ended. */
export const visitData = (execution: string, visit: Visit | undefined) =>
  queryOptions({
    queryKey: ["visit-data", execution, visit?.id, visit?.outcome, visit?.attempts],
    queryFn: ({ signal }) => get<VisitData>(route(execution, `visits/${visit?.id}/data`), {}, signal),
    enabled: visit !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
