/** How a text is kept, in words. */

import type { Snapshot } from "../../editing/snapshot";
import { words } from "../../words";
import { moment } from "../../words/time";

/** `restored`: when the draft was left that was opened. */
export function stateOf(
  { isDirty, readOnly }: Pick<Snapshot, "isDirty" | "readOnly">,
  restored: number | null,
): string {
  if (readOnly !== null) return words.studio.onlyRead;
  if (!isDirty) return words.studio.saved;
  return restored === null ? words.studio.notSaved : words.studio.restored(moment(restored));
}
