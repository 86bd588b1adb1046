/** How executions go, many at once. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get } from "./client";
import type { Metrics } from "./generated/console";

/** The server counts anew every five seconds at most. */
const METRICS_MILLIS = 10_000;

/** `machine`: of one state machine, by its ARN. */
export const metrics = (namespace: string, span: string, machine?: string) =>
  queryOptions({
    queryKey: ["metrics", namespace, span, machine],
    queryFn: ({ signal }) => get<Metrics>("metrics", { ns: namespace, span, machine }, signal),
    refetchInterval: METRICS_MILLIS,
    placeholderData: keepPreviousData,
  });
