/** State machines, by AWS's operations. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { get, perform } from "./client";
import type { Machines } from "./generated/console";

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
  loggingConfiguration?: Partial<Logging>;
  tracingConfiguration?: { enabled?: boolean };
  encryptionConfiguration?: Encryption;
}

export interface Logging {
  level: string;
  includeExecutionData: boolean;
  destinations: readonly { cloudWatchLogsLogGroup: { logGroupArn: string } }[];
}

export interface Encryption {
  type: string;
  kmsKeyId?: string;
  kmsDataKeyReusePeriodSeconds?: number;
}

export interface Tag {
  key: string;
  value: string;
}

const PAGE = 100;
/** How often a list is asked for again while somebody looks at it. */
export const LIST_MILLIS = 5_000;

/** All pages that were fetched are asked for again: the more they are, the more seldom. */
export const listMillis = (data: { pages: readonly unknown[] } | undefined): number =>
  LIST_MILLIS * Math.max(1, data?.pages.length ?? 1);

/** Those of the tenant whose page this is. */
export const machines = (namespace: string) =>
  infiniteQueryOptions({
    queryKey: ["machines", namespace],
    queryFn: ({ pageParam, signal }) =>
      perform<{ stateMachines: MachineRow[]; nextToken?: string }>(
        "ListStateMachines",
        { maxResults: PAGE, ...(pageParam ? { nextToken: pageParam } : {}) },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextToken,
    refetchInterval: ({ state }) => listMillis(state.data),
  });

/** How many there are, and those that are not ready. */
export const machinesAtAGlance = (namespace: string) =>
  queryOptions({
    queryKey: ["machines-at-a-glance", namespace],
    queryFn: ({ signal }) => get<Machines>("machines", { ns: namespace }, signal),
    refetchInterval: 2 * LIST_MILLIS,
  });

export const machine = (arn: string) =>
  queryOptions({
    queryKey: ["machine", arn],
    queryFn: ({ signal }) => perform<Machine>("DescribeStateMachine", { stateMachineArn: arn }, signal),
    refetchInterval: LIST_MILLIS,
  });
