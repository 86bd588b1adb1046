import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Execution } from "../../api/generated/console";
import { eventsUpTo } from "../../api/history";
import type { Visits } from "../../api/visits";
import { scopeOfChild } from "../../execution/child_history";
import { tallied, visitsOf } from "../../execution/import_history";

/** Of one execution, that are looked through. */
const MOST_EVENTS = 10_000;

/** What an execution did, as its events show it, where visits are not kept: of child executions of Map Runs, and on a server that was
 * started so. null: that is not wanted. */
export function useToldByEvents(
  execution: Execution | undefined,
  definition: unknown,
  isWanted: boolean,
): Visits | null {
  const newest = isWanted && execution ? Math.min(MOST_EVENTS, execution.lastEvent) : 0;
  const { data: events, error } = useQuery(eventsUpTo(execution?.arn ?? "", newest));
  return useMemo(() => {
    if (!isWanted) return null;
    const visits = events ? visitsOf(events, definition, scopeOfChild(events, definition)) : [];
    return { visits, tallies: tallied(visits), more: null, areMany: false, error: events ? null : error };
  }, [isWanted, events, definition, error]);
}
