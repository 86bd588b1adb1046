/** Executions: lists of them, one of them, and the definition that it runs. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, part } from "./client";
import type { Definition, Execution, ExecutionCounts, ExecutionPage } from "./generated/console";
import { LIST_MILLIS } from "./machines";

/** `machine`: an ARN. `name`: how names begin. */
export interface Wanted {
  namespace: string;
  machine?: string | undefined;
  status?: string | undefined;
  name?: string | undefined;
}

const PAGE = 50;
export const VIEWED_MILLIS = 1_000;

const filter = ({ namespace, ...rest }: Wanted) => ({ ns: namespace, ...rest });

/** Those started last first. */
export const executions = (wanted: Wanted) =>
  infiniteQueryOptions({
    queryKey: ["executions", wanted],
    queryFn: ({ pageParam, signal }) =>
      get<ExecutionPage>("executions", { ...filter(wanted), limit: PAGE, cursor: pageParam || null }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: LIST_MILLIS,
    placeholderData: keepPreviousData,
  });

/** How many there are of each status, whatever status is looked at. */
export const executionCounts = ({ status: _, ...wanted }: Wanted) =>
  queryOptions({
    queryKey: ["execution-counts", wanted],
    queryFn: ({ signal }) => get<ExecutionCounts>("executions/counts", filter(wanted), signal),
    refetchInterval: LIST_MILLIS,
    placeholderData: keepPreviousData,
  });

export const isOver = ({ status }: Pick<Execution, "status">): boolean => status !== "RUNNING";

export const execution = (arn: string) =>
  queryOptions({
    queryKey: ["execution", arn],
    queryFn: ({ signal }) => get<Execution>(`executions/${part(arn)}`, {}, signal),
    // One that has ended may be redriven, which nobody waits for in front of it.
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? LIST_MILLIS : VIEWED_MILLIS),
  });

/** It may be an older one than that of the state machine. */
export const definitionOf = (arn: string, revision: string | undefined) =>
  queryOptions({
    queryKey: ["definition", arn, revision],
    queryFn: ({ signal }) => get<Definition>(`executions/${part(arn)}/definition`, {}, signal),
    enabled: revision !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
