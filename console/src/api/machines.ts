/** State machines, by AWS's operations. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { perform } from "./client";

export interface MachineRow {
  stateMachineArn: string;
  name: string;
  type: string;
  /** Seconds since 1970. */
  creationDate: number;
}

export interface Machine extends MachineRow {
  status: string;
  definition: string;
  roleArn: string;
  revisionId?: string;
  description?: string;
}

const PAGE = 100;
/** How often a list is asked for again while somebody looks at it. */
export const LIST_MILLIS = 5_000;

export const machines = infiniteQueryOptions({
  queryKey: ["machines"],
  queryFn: ({ pageParam, signal }) =>
    perform<{ stateMachines: MachineRow[]; nextToken?: string }>(
      "ListStateMachines",
      { maxResults: PAGE, ...(pageParam ? { nextToken: pageParam } : {}) },
      signal,
    ),
  initialPageParam: "",
  getNextPageParam: (page) => page.nextToken,
  refetchInterval: LIST_MILLIS,
});

export const machine = (arn: string) =>
  queryOptions({
    queryKey: ["machine", arn],
    queryFn: ({ signal }) => perform<Machine>("DescribeStateMachine", { stateMachineArn: arn }, signal),
    refetchInterval: LIST_MILLIS,
  });
