/** Events of a history, each on a line. */

/** What belongs to the event's type alone is in `details`; of a type that we do not know, too. */
interface Told {
  type: string;
  details?: Readonly<Record<string, unknown>>;
}

/** The state that was entered or left; empty for all other events. */
export function stateOf({ type, details }: Told): string {
  return /State(Entered|Exited)$/.test(type) && typeof details?.name === "string" ? details.name : "";
}

const LONGEST = 160;
const FIRST = ["error", "cause", "resource", "resourceType", "index", "name"];

/** What is worth a glance. */
export function summaryOf(event: Told): string {
  const { details = {} } = event;
  const shown = FIRST.filter((each) => details[each] !== undefined && details[each] !== stateOf(event));
  const text = shown.map((each) => `${each}: ${String(details[each])}`).join("  ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

export const isFailure = (type: string): boolean => /(Failed|TimedOut|Aborted)$/.test(type);
