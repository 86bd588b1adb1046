import { QueryClient } from "@tanstack/react-query";
import { ApiFailure } from "./client";

const MOST_RETRIES = 3;

/** A refusal stays one; a server that does not answer is asked again, ever more seldom. */
function retry(failures: number, error: Error): boolean {
  const isRefusal = error instanceof ApiFailure && error.status >= 400 && error.status < 500 && error.status !== 429;
  return !isRefusal && failures < MOST_RETRIES;
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: { retry, staleTime: 2_000, gcTime: 5 * 60_000, refetchOnWindowFocus: true, throwOnError: false },
  },
});
