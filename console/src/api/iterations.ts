/** Iterations of inline Maps, and branches of Parallel states. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Standing } from "../execution/visits";
import { get, part } from "./client";
import type { IterationPage } from "./generated/console";
import { LIST_MILLIS } from "./machines";

const WINDOW = 1_000;

const route = (execution: string) => `executions/${part(execution)}/iterations`;

/** By index; those of one standing, or all that have begun. `of`: the visit of the Map or Parallel. */
export const iterations = (execution: string, of: number, standing: Standing | undefined, isRunning: boolean) =>
  infiniteQueryOptions({
    queryKey: ["iterations", execution, of, standing],
    queryFn: ({ pageParam, signal }) => {
      const asked = { of, standing, limit: WINDOW, cursor: pageParam || null };
      return get<IterationPage>(route(execution), asked, signal);
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: isRunning && LIST_MILLIS,
    placeholderData: keepPreviousData,
  });

/** The first that failed; null: none has. */
export const firstFailed = (execution: string, of: number, isRunning: boolean) =>
  queryOptions({
    queryKey: ["first-failed", execution, of],
    queryFn: async ({ signal }) => {
      const asked = { of, standing: "Failed", limit: 1 };
      return (await get<IterationPage>(route(execution), asked, signal)).rows[0] ?? null;
    },
    refetchInterval: isRunning && LIST_MILLIS,
  });
