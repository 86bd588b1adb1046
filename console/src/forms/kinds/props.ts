/** What every editor of a field is given. */
import type { ReactNode } from "react";
import type { Pointer } from "../../document";
import type { Asked } from "../../language/fields";

/** `at`: of the field. `canEnd`: of Next, whether the state may end here instead. `beside`: see `Field`. */
export interface EditorProps {
  asked: Asked;
  at: Pointer;
  canEnd?: boolean;
  beside?: ReactNode;
}
