/** Saving: nothing is written over what others have done, nothing that was typed meanwhile counts as saved, and nothing typed is lost. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { ApiFailure } from "../../api/client";
import { me } from "../../api/session";
import { Refused } from "../../document";
import type { Session } from "../../editing/session";
import { words } from "../../words";
import { problemsIn } from "../config/problems";
import { forget, keep } from "./drafts";
import { Conflict, type Home, readable, type Stored, written } from "./home";

export interface Saving {
  /** What was read or written last. */
  base: Stored;
  isSaving: boolean;
  /** What somebody else has written meanwhile, until it is decided what becomes of it. */
  theirs: Stored | null;
  /** In the place of `from`, by default of `base`. Whether it is saved then; if not, the session or `theirs` says why. */
  save: (from?: Stored) => Promise<boolean>;
  /** Nothing becomes of it now. */
  leave: () => void;
}

export function useSaving(home: Home, session: Session, opened: Stored): Saving {
  const [base, setBase] = useState(opened);
  const [isSaving, setSaving] = useState(false);
  const [theirs, setTheirs] = useState<Stored | null>(null);
  const cache = useQueryClient();
  const leaveDraft = () => {
    const { format, config } = session.snapshot();
    return keep(home.key, { text: session.text, format, config, base, at: Date.now() });
  };
  const save = async (from: Stored = base): Promise<boolean> => {
    session.settle();
    const { document, broken, config } = session.snapshot();
    const { text } = session;
    setSaving(true);
    setTheirs(null);
    try {
      if (broken) throw new Refused(words.studio.broken(broken.line, broken.message));
      const [wrong] = config ? problemsIn(config, from.config ?? null).values() : [];
      if (wrong !== undefined) throw new Refused(words.config.notSaved(wrong));
      // What nobody has changed stays as it was written, too.
      const kept = text === readable(from.text) ? from.text : written(document, text, home.format);
      setBase(await home.write(kept, from, config));
      session.store(text, config);
      session.say(null);
      await forget(home.key);
      void cache.invalidateQueries({ queryKey: ["machine"] });
      return true;
    } catch (error) {
      if (error instanceof Conflict && error.theirs) setTheirs(error.theirs);
      else if (error instanceof Conflict) {
        setBase({ ...base, tag: null });
        session.say({ kind: "refused", text: words.studio.deleted });
      } else if (isLoggedOut(error) && (await leaveDraft())) {
        // The page gives way to the login; whoever is back finds the draft.
        void cache.invalidateQueries({ queryKey: me.queryKey });
      } else session.say({ kind: "refused", text: why(error) });
      return false;
    } finally {
      setSaving(false);
    }
  };
  return { base, isSaving, theirs, save, leave: useCallback(() => setTheirs(null), []) };
}

const isLoggedOut = (error: unknown): boolean => error instanceof ApiFailure && error.status === 401;

/** Why it is not saved, and what to do. */
function why(error: unknown): string {
  if (isLoggedOut(error)) return words.studio.loggedOut;
  if (error instanceof ApiFailure && error.status === 0) return words.studio.unreachable;
  return error instanceof Error ? error.message : String(error);
}
