/** What an expression gives before anything runs. */
import { queryOptions } from "@tanstack/react-query";
import { change } from "./client";
import type { ToTry, Tried } from "./generated/console";

/** Null: there is nothing to try. */
export const tried = (given: ToTry | null) =>
  queryOptions({
    queryKey: ["tried", given],
    queryFn: async ({ signal }) =>
      (await change("POST", "expressions/try", given ?? {}, signal)).json() as Promise<Tried>,
    enabled: given !== null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
