/** Child executions of Map Runs: of what they did nothing is kept but their events. */
import type { Event } from "../api/generated/console";
import type { Pointer } from "../document/pointer";
import { scopes } from "../document/structure";
import { member } from "../document/value";
import { detail } from "./history_file";

/** What a child runs: the pointer of the ItemProcessor whose first state it has entered, as no two states of a definition have one
 * name. Empty: that is not known yet, or not in there. */
export function scopeOfChild(events: readonly Event[], definition: unknown): Pointer {
  const entered = events.find(({ type }) => type.endsWith("StateEntered"));
  const first = entered && detail(entered, "name");
  for (const [pointer, scope] of scopes(definition)) {
    if (pointer !== "" && member(scope, "StartAt") === first) return pointer;
  }
  return "";
}
