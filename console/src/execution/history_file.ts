/** A history out of a file: as AWS's GetExecutionHistory answers, as its CLI prints it, or as the console exports it. */
import type { Event } from "../api/generated/console";
import { isObject, member } from "../document/value";

export const LARGEST_FILE_BYTES = 64 * 1024 * 1024;

/** Why the text is not one, as a sentence. */
export class NoHistory extends Error {}

/** Events in the order of their ids. What is not known of them stays as it is. Raises NoHistory. */
export function eventsOf(text: string): Event[] {
  const value = parsed(text);
  const listed = Array.isArray(value) ? value : member(value, "events");
  if (!Array.isArray(listed)) throw new NoHistory("It has no list of events: GetExecutionHistory answers with one.");
  const found = listed.map(eventOf);
  if (!found.length) throw new NoHistory("Its list of events is empty.");
  return found.sort((one, other) => one.id - other.id);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NoHistory(`It is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function eventOf(value: unknown, index: number): Event {
  const [id, type] = [member(value, "id"), member(value, "type")];
  if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 1 || typeof type !== "string") {
    throw new NoHistory(`Event ${index + 1} of the list has no id or no type.`);
  }
  const timestamp = momentOf(member(value, "timestamp"));
  if (timestamp === null) throw new NoHistory(`Event ${id} has no timestamp.`);
  const previous = member(value, "previousEventId");
  const details = detailsOf(Object.entries(value as object));
  return {
    id,
    type,
    timestamp,
    previous: typeof previous === "number" ? previous : 0,
    ...(details ? { details } : {}),
  };
}

const KNOWN = new Set(["id", "type", "timestamp", "previousEventId"]);

/** The member of an event's own, and whatever else it has that is not known. */
function detailsOf(members: [string, unknown][]): Record<string, unknown> | null {
  const own = members.find(([name, value]) => name.endsWith("EventDetails") && isObject(value));
  const others = members.filter((each) => each !== own && !KNOWN.has(each[0]));
  return own || others.length ? { ...(own?.[1] as object | undefined), ...Object.fromEntries(others) } : null;
}

/** Seconds since 1970 as on the wire, or a date as the CLI prints it. */
function momentOf(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? Math.round(value * 1000) : null;
  const millis = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(millis) ? null : millis;
}

/** Texts of an event's details, such as its `input`. */
export const detail = ({ details }: Event, name: string): string | null => {
  const value = details?.[name];
  return typeof value === "string" ? value : null;
};

const ENDS: Record<string, string> = {
  ExecutionStarted: "RUNNING",
  ExecutionRedriven: "RUNNING",
  ExecutionSucceeded: "SUCCEEDED",
  ExecutionFailed: "FAILED",
  ExecutionTimedOut: "TIMED_OUT",
  ExecutionAborted: "ABORTED",
};

/** How the execution stood after its last event. */
export const statusOf = (events: readonly Event[]): string =>
  ENDS[events.findLast(({ type }) => Object.hasOwn(ENDS, type))?.type ?? ""] ?? "RUNNING";
