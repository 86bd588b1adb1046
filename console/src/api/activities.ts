/** Activities, and who waits for whom. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { get } from "./client";
import type { ActivityPage } from "./generated/console";
import { listMillis } from "./machines";

export const activities = (namespace: string) =>
  infiniteQueryOptions({
    queryKey: ["activities", namespace],
    queryFn: ({ pageParam, signal }) =>
      get<ActivityPage>("activities", { ns: namespace, cursor: pageParam || null }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => listMillis(state.data),
  });
