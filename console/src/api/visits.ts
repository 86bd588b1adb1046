/** What an execution did, state by state. */
import { infiniteQueryOptions, queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Standing, Tally, Visit } from "../execution/visits";
import { get, part } from "./client";
import { VIEWED_MILLIS } from "./executions";
import type { Tallies, VisitData, VisitPage, VisitRow } from "./generated/console";

/** At once; most executions have fewer. */
const WINDOW = 2_000;
const MANY = 500;
const MANY_MILLIS = 5_000;

const route = (execution: string, rest: string) => `executions/${part(execution)}/${rest}`;

export function visitOf(row: VisitRow): Visit {
  const [id, path, pointer, type, started, ended, outcome, attempts, error, cameFrom, edge] = row;
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
  };
}

const visitsOf = (execution: string, isRunning: boolean) =>
  infiniteQueryOptions({
    queryKey: ["visits", execution],
    queryFn: ({ pageParam, signal }) =>
      get<VisitPage>(route(execution, "visits"), { after: pageParam, limit: WINDOW }, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => {
      const rows = state.data?.pages.reduce((sum, page) => sum + page.rows.length, 0) ?? 0;
      return isRunning && (rows > MANY ? MANY_MILLIS : VIEWED_MILLIS);
    },
  });

const talliesOf = (execution: string, isRunning: boolean) =>
  queryOptions({
    queryKey: ["tallies", execution],
    queryFn: ({ signal }) => get<Tallies>(route(execution, "tallies"), {}, signal),
    refetchInterval: isRunning && VIEWED_MILLIS,
  });

export interface Visits {
  visits: readonly Visit[];
  /** Of all visits, also of those that were not fetched. */
  tallies: ReadonlyMap<string, Tally>;
  /** Fetches those that follow; null if there are none. */
  more: (() => void) | null;
}

/** Followed while it runs; `moment` changes when it has ended, or was redriven. */
export function useVisits(execution: string, isRunning: boolean, moment: string): Visits {
  const { data, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery({
    ...visitsOf(execution, isRunning),
    queryKey: ["visits", execution, moment],
    placeholderData: (before) => before,
  });
  const { data: counted } = useQuery({
    ...talliesOf(execution, isRunning),
    queryKey: ["tallies", execution, moment],
    placeholderData: (before) => before,
  });
  const visits = useMemo(() => data?.pages.flatMap((page) => page.rows.map(visitOf)) ?? [], [data]);
  const tallies = useMemo(() => new Map(Object.entries(counted?.tallies ?? {})), [counted]);
  return { visits, tallies, more: hasNextPage && !isFetching ? () => void fetchNextPage() : null };
}

/** Those of one state, or those that stand so: enough of them to look at. */
export const someVisits = (execution: string, of: { pointer?: string; standing?: Standing }, isWanted: boolean) =>
  queryOptions({
    queryKey: ["some-visits", execution, of],
    queryFn: ({ signal }) => get<VisitPage>(route(execution, "visits"), { ...of, limit: WINDOW }, signal),
    select: (page) => page.rows.map(visitOf),
    enabled: isWanted,
  });

/** Asked for again when it has ended. */
export const visitData = (execution: string, visit: Visit | undefined) =>
  queryOptions({
    queryKey: ["visit-data", execution, visit?.id, visit?.outcome, visit?.attempts],
    queryFn: ({ signal }) => get<VisitData>(route(execution, `visits/${visit?.id}/data`), {}, signal),
    enabled: visit !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
