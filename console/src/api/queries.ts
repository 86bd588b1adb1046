import { QueryClient } from "@tanstack/react-query";
import { ApiFailure, isUnavailable, whenInDoubt } from "./client";
import { me } from "./session";

const MOST_RETRIES = 3;
const LATEST_MILLIS = 5_000;

/** A refusal stays one. What cannot be had now is asked for until it can. */
export function retry(failures: number, error: Error): boolean {
  if (isUnavailable(error)) return true;
  const isRefusal = error instanceof ApiFailure && error.status >= 400 && error.status < 500 && error.status !== 429;
  return !isRefusal && failures < MOST_RETRIES;
}

const retryDelay = (failures: number): number => Math.min(LATEST_MILLIS, 1_000 * 2 ** failures);

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry,
      retryDelay,
      staleTime: 2_000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: true,
      throwOnError: false,
    },
  },
});

whenInDoubt(() => void queries.invalidateQueries({ queryKey: me.queryKey }));
