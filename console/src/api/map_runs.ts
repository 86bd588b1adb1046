/** Map Runs and their child executions, by AWS's operations; counts come by the stream of the execution, too. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, part, perform } from "./client";
import type { EventPage, MapRunCounts, MapRunFrame } from "./generated/console";
import { asking } from "./live";
import { LIST_MILLIS } from "./machines";
import type { Link } from "./stream";

/** What has begun, and how it ended; `pending` waits. */
export interface RunCounts {
  pending: number;
  running: number;
  succeeded: number;
  failed: number;
  aborted: number;
  total: number;
}

/** What UpdateMapRun changes. 0 of `maxConcurrency`: no limit. */
export interface Bounds {
  maxConcurrency: number;
  toleratedFailureCount: number;
  toleratedFailurePercentage: number;
}

/** Dates are seconds since 1970. */
export interface MapRun extends Bounds {
  mapRunArn: string;
  executionArn: string;
  status: "RUNNING" | "SUCCEEDED" | "FAILED" | "ABORTED";
  startDate: number;
  stopDate?: number;
  itemCounts: RunCounts;
  executionCounts: RunCounts;
  redriveCount?: number;
}

export interface Child {
  executionArn: string;
  name: string;
  status: string;
  startDate: number;
  stopDate?: number;
  itemCount?: number;
}

const CHILDREN = 100;

export const mapRunKey = (arn: string) => ["map-run", arn] as const;

export const mapRun = (arn: string, link: Link) =>
  queryOptions({
    queryKey: mapRunKey(arn),
    queryFn: ({ signal }) => perform<MapRun>("DescribeMapRun", { mapRunArn: arn }, signal),
    refetchInterval: ({ state }) => state.data?.status === "RUNNING" && asking(link, LIST_MILLIS),
  });

/** Those started last first. */
export const childrenOf = (arn: string, status: string | undefined, isRunning: boolean) =>
  infiniteQueryOptions({
    queryKey: ["children", arn, status],
    queryFn: ({ pageParam, signal }) =>
      perform<{ executions: Child[]; nextToken?: string }>(
        "ListExecutions",
        {
          mapRunArn: arn,
          maxResults: CHILDREN,
          ...(status ? { statusFilter: status } : {}),
          ...(pageParam ? { nextToken: pageParam } : {}),
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextToken,
    refetchInterval: isRunning && LIST_MILLIS,
    placeholderData: keepPreviousData,
  });

/** Durable when this returns. Raises ApiFailure. */
export const updateMapRun = (arn: string, bounds: Partial<Bounds>): Promise<unknown> =>
  perform("UpdateMapRun", { mapRunArn: arn, ...bounds });

/** What a stream reports of one, put into what was read. */
export const withCounts =
  ({ status, items, executions }: MapRunFrame) =>
  (known: MapRun | undefined) =>
    known && { ...known, status, itemCounts: counted(items), executionCounts: counted(executions) };

function counted({ total, running, succeeded, failed, aborted = 0 }: MapRunCounts): RunCounts {
  return { total, running, succeeded, failed, aborted, pending: total - running - succeeded - failed - aborted };
}

const LOOKED_AT = 50;

/** The ARN of the Map Run that a visit of a distributed Map has begun; null: not yet. `entered`: the event by which that state
 * was entered, if it is known and has a Map Run. */
export const mapRunOf = (execution: string, entered: number | undefined) =>
  queryOptions({
    queryKey: ["map-run-of", execution, entered],
    queryFn: async ({ signal }) => {
      const asked = { from: entered, limit: LOOKED_AT };
      const { events } = await get<EventPage>(`executions/${part(execution)}/events`, asked, signal);
      // The events of other branches stand between those of this visit.
      const ours = new Set(events.slice(0, 1).map(({ id }) => id));
      for (const { id, previous, type, details } of events) {
        if (ours.has(previous)) ours.add(id);
        const found = type === "MapRunStarted" && ours.has(id) ? details?.mapRunArn : undefined;
        if (typeof found === "string") return found;
      }
      return null;
    },
    enabled: entered !== undefined,
    staleTime: ({ state }) => (state.data ? Number.POSITIVE_INFINITY : 0),
    refetchInterval: ({ state }) => state.data === null && LIST_MILLIS,
  });
