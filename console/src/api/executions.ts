/** Executions: lists of them, one of them, and the definition that it runs. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, part } from "./client";
import type { Definition, Execution, ExecutionCounts, ExecutionPage } from "./generated/console";
import { asking } from "./live";
import { LIST_MILLIS, listMillis } from "./machines";
import type { Link } from "./stream";

/** `machine`: an ARN. `name`: how names begin. `from`, `to`: when they were started, in milliseconds since 1970. `label`: all of
 * these, each `KEY=VALUE`. */
export interface Wanted {
  namespace: string;
  machine?: string | undefined;
  status?: string | undefined;
  name?: string | undefined;
  error?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
  label?: readonly string[] | undefined;
}

const PAGE = 50;
export const VIEWED_MILLIS = 1_000;

const filter = ({ namespace, ...rest }: Wanted) => ({ ns: namespace, ...rest });

/** What a stream is asked to tell of such a list. */
export const watchOf = (wanted: Wanted): string => {
  const given = Object.entries(filter(wanted)).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((each) => [name, String(each)]),
  );
  return `rows:${new URLSearchParams(given)}`;
};

/** Those started last first. */
export const executions = (wanted: Wanted, link: Link = "asking") =>
  infiniteQueryOptions({
    queryKey: ["executions", wanted],
    queryFn: ({ pageParam, signal }) =>
      get<ExecutionPage>("executions", { ...filter(wanted), limit: PAGE, cursor: pageParam || null }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => asking(link, listMillis(state.data)),
    placeholderData: keepPreviousData,
  });

/** The newest of those with one of these statuses, `since` then at the earliest (milliseconds since 1970). */
export const newest = (namespace: string, status: readonly string[], limit: number, since?: number) =>
  queryOptions({
    queryKey: ["newest", namespace, status, limit, since],
    queryFn: ({ signal }) => get<ExecutionPage>("executions", { ns: namespace, status, limit, from: since }, signal),
    refetchInterval: LIST_MILLIS,
  });

/** How many there are of each status, whatever status is looked at. */
export const executionCounts = ({ status: _, ...wanted }: Wanted, link: Link = "asking") =>
  queryOptions({
    queryKey: ["execution-counts", wanted],
    queryFn: ({ signal }) => get<ExecutionCounts>("executions/counts", filter(wanted), signal),
    refetchInterval: asking(link, LIST_MILLIS),
    placeholderData: keepPreviousData,
  });

export const isOver = ({ status }: Pick<Execution, "status">): boolean => status !== "RUNNING";

export const execution = (arn: string, link: Link = "asking") =>
  queryOptions({
    queryKey: ["execution", arn],
    queryFn: ({ signal }) => get<Execution>(`executions/${part(arn)}`, {}, signal),
    // One that has ended may be redriven, which nobody waits for in front of it.
    refetchInterval: ({ state }) => asking(link, state.data && isOver(state.data) ? LIST_MILLIS : VIEWED_MILLIS),
  });

/** It may be an older one than that of the state machine. */
export const definitionOf = (arn: string, revision: string | undefined) =>
  queryOptions({
    queryKey: ["definition", arn, revision],
    queryFn: ({ signal }) => get<Definition>(`executions/${part(arn)}/definition`, {}, signal),
    enabled: revision !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
