/** A text is opened: as it is kept, or as somebody left it here. */
import { useEffect } from "react";
import { isSameConfig } from "../../editing/config";
import { Session } from "../../editing/session";
import { useSnapshot } from "../../editing/use_session";
import { type Draft, draftOf, forget, keep } from "./drafts";
import { type Home, readable, type Stored } from "./home";

/** `restored`: when the draft was left that is shown, in milliseconds since 1970. */
export interface Opened {
  session: Session;
  base: Stored;
  restored: number | null;
}

/** Null if there is no such thing. `begun`: what is not kept anywhere yet, in its place. Raises ApiFailure. */
export async function opened(home: Home, readOnly: string | null, begun?: Stored): Promise<Opened | null> {
  const [stored, draft] = await Promise.all([begun ?? home.read(), draftOf(home.key)]);
  if (draft && readOnly === null && (stored === null || isOther(draft, stored))) {
    const { text, format, base, at } = draft;
    const storedConfig = base.config ?? stored?.config ?? null;
    const config = draft.config ?? storedConfig;
    const session = new Session({ text, format, stored: readable(base.text), config, storedConfig });
    return { session, base: storedConfig ? { ...base, config: storedConfig } : base, restored: at };
  }
  if (!stored) return null;
  const { text, config = null } = stored;
  const format = begun === undefined ? home.format : undefined;
  return { session: new Session({ text: readable(text), format, readOnly, config }), base: stored, restored: null };
}

/** An earlier version of the console has left drafts of texts alone. */
const isOther = ({ text, config = null }: Draft, stored: Stored): boolean =>
  text !== readable(stored.text) || (config !== null && !isSameConfig(config, stored.config ?? null));

const PAUSE_MILLIS = 400;

/** Keeps what is not stored, a moment after it was typed, and at once when the page is left. Who may only read leaves a draft alone. */
export function useDraft(home: Home, session: Session, base: Stored): void {
  const now = useSnapshot(session);
  const { isDirty, format, config, readOnly } = now;
  useEffect(() => {
    if (readOnly !== null) return;
    let isKept = false;
    const store = () => {
      if (isKept) return;
      isKept = true;
      if (isDirty) void keep(home.key, { text: session.text, format, base, config, at: Date.now() });
      else void forget(home.key);
    };
    const timer = setTimeout(store, PAUSE_MILLIS);
    addEventListener("pagehide", store);
    return () => {
      clearTimeout(timer);
      removeEventListener("pagehide", store);
      // Another text comes, or none: it is kept by whoever comes next, else here.
      if (session.snapshot() === now) store();
    };
  }, [home.key, session, base, isDirty, format, config, readOnly, now]);
}
