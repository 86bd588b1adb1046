/** What a Task may call, and with what. */
import { queryOptions } from "@tanstack/react-query";
import { get, part } from "./client";
import type { ResourceForm, Resources } from "./generated/console";

const MINUTES = 60_000;

export const resources = queryOptions({
  queryKey: ["resources"],
  queryFn: ({ signal }) => get<Resources>("resources", {}, signal),
  staleTime: 10 * MINUTES,
});

/** Null: nothing is named yet. */
export const resourceForm = (resource: string | null) =>
  queryOptions({
    queryKey: ["resource", resource],
    queryFn: ({ signal }) => get<ResourceForm>(`resources/${part(resource ?? "")}`, {}, signal),
    enabled: resource !== null,
    staleTime: 10 * MINUTES,
    retry: false,
  });
