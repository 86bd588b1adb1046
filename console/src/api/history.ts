/** Events of a history by their ids, a window at a time, however many there are. */
import { queryOptions, useQueries } from "@tanstack/react-query";
import { get, part } from "./client";
import type { Event, EventPage } from "./generated/console";

const WINDOW = 100;
const MOST_AT_ONCE = 500;

const windowOf = (execution: string, first: number, last: number) =>
  queryOptions({
    queryKey: ["events", execution, first, last],
    queryFn: ({ signal }) => between(execution, first, last, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

async function between(execution: string, first: number, last: number, signal: AbortSignal): Promise<Event[]> {
  const found: Event[] = [];
  // An answer ends early where its events are large.
  for (let from: number | undefined = first; from !== undefined && from <= last; ) {
    const asked = { from, limit: Math.min(MOST_AT_ONCE, last - from + 1) };
    const page: EventPage = await get<EventPage>(`executions/${part(execution)}/events`, asked, signal);
    found.push(...page.events);
    from = page.next;
  }
  return found;
}

/** From the first to this one, without their data; with 0 none. Those that are known are shown while there are more. */
export const eventsUpTo = (execution: string, newest: number) =>
  queryOptions({
    queryKey: ["events-up-to", execution, newest],
    queryFn: ({ signal }) => between(execution, 1, newest, signal),
    enabled: newest > 0,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before, query) => (query?.queryKey[1] === execution ? before : undefined),
  });

/** By id: those from `first` to `last` that are there already. `newest`: the last of all. */
export function useEvents(execution: string, first: number, last: number, newest: number): ReadonlyMap<number, Event> {
  const windows: number[] = [];
  for (let each = Math.floor((first - 1) / WINDOW); each * WINDOW < Math.min(last, newest); each += 1)
    windows.push(each);
  return useQueries({
    queries: windows.map((each) => windowOf(execution, each * WINDOW + 1, Math.min((each + 1) * WINDOW, newest))),
    combine: (answers) => new Map(answers.flatMap(({ data = [] }) => data.map((event) => [event.id, event] as const))),
  });
}

/** All of one event, its data too. */
export const event = (execution: string, id: number) =>
  queryOptions({
    queryKey: ["event", execution, id],
    queryFn: ({ signal }) =>
      get<EventPage>(`executions/${part(execution)}/events`, { from: id, limit: 1, data: 1 }, signal),
    select: (page) => page.events[0],
    staleTime: Number.POSITIVE_INFINITY,
  });
