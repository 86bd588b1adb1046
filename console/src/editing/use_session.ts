/** The session of this page, for its components. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Pointer, Where } from "../document";
import type { Session } from "./session";
import type { Snapshot } from "./snapshot";

/**
 * What only the page can show. `add`: the palette, for a place; `rename`: a field in the picture; `form`: that of what is chosen;
 * `text`: the text, from a place on.
 */
export type Wish =
  | { kind: "add"; where: Where | null }
  | { kind: "rename"; pointer: Pointer }
  | { kind: "form" }
  | { kind: "text"; from: number }
  | { kind: "keys" };

/**
 * `machine`: the ARN of the state machine that is edited, for what was recorded of its executions; null: there is none yet, or it
 * is a file.
 */
export interface Here {
  session: Session;
  machine: string | null;
  wish: (wanted: Wish | null) => void;
}

export const SessionContext = createContext<Here | null>(null);

export function useSession(): Here & { now: Snapshot } {
  const here = useContext(SessionContext);
  if (!here) throw new Error("no SessionContext around this");
  return { ...here, now: useSnapshot(here.session) };
}

export const useSnapshot = (session: Session): Snapshot => useSyncExternalStore(session.subscribe, session.snapshot);
