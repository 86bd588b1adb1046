/** Executions, by AWS's operations. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { perform } from "./client";
import { LIST_MILLIS } from "./machines";

/** Moments are seconds since 1970, as AWS has them. */
export interface ExecutionRow {
  executionArn: string;
  stateMachineArn: string;
  name: string;
  status: string;
  startDate: number;
  stopDate?: number;
}

export interface Execution extends ExecutionRow {
  input?: string;
  output?: string;
  error?: string;
  cause?: string;
  redriveCount?: number;
  redriveDate?: number;
  mapRunArn?: string;
}

const PAGE = 50;
const VIEWED_MILLIS = 1_000;

export const executionsOf = (machine: string, status: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["executions", machine, status ?? null],
    queryFn: ({ pageParam, signal }) =>
      perform<{ executions: ExecutionRow[]; nextToken?: string }>(
        "ListExecutions",
        {
          stateMachineArn: machine,
          maxResults: PAGE,
          ...(status ? { statusFilter: status } : {}),
          ...(pageParam ? { nextToken: pageParam } : {}),
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextToken,
    refetchInterval: LIST_MILLIS,
  });

const ENDED = new Set(["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]);
export const isOver = (status: string): boolean => ENDED.has(status);

export const execution = (arn: string) =>
  queryOptions({
    queryKey: ["execution", arn],
    queryFn: ({ signal }) => perform<Execution>("DescribeExecution", { executionArn: arn }, signal),
    // One that has ended may be redriven, but nobody waits for that in front of it.
    refetchInterval: ({ state }) => (state.data && isOver(state.data.status) ? false : VIEWED_MILLIS),
  });
