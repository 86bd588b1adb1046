/** What is being typed into a field, until it is a step of its own: when the field is left, or nobody types for a while. */
import { useCallback, useEffect, useRef, useState } from "react";

const PAUSE_MILLIS = 800;

export interface Draft {
  text: string;
  /** Why the text is not taken over; it stays in the field. */
  problem: string | null;
  type: (text: string) => void;
  /** Takes over what was typed. */
  done: () => void;
}

/**
 * `take`: makes it a step; says what is wrong with the text, if that is not a value. `whole`: only once the field is left, as for
 * names, of which the half is another one.
 */
export function useDraft(stored: string, take: (text: string) => string | null, whole = false): Draft {
  const [draft, draw] = useState<string | null>(null);
  const [problem, tell] = useState<string | null>(null);
  const taken = useRef(stored);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const now = useRef({ draft, take });
  now.current = { draft, take };

  const commit = useCallback(() => {
    clearTimeout(timer.current);
    const { draft: typed, take: accept } = now.current;
    if (typed === null || typed === taken.current) return true;
    const wrong = accept(typed);
    tell(wrong);
    if (wrong === null) taken.current = typed;
    return wrong === null;
  }, []);

  useEffect(() => {
    // Changed elsewhere, as by undo: what was typed here and taken over is old.
    if (now.current.draft === taken.current) draw(null);
    taken.current = stored;
  }, [stored]);
  useEffect(() => () => void commit(), [commit]);

  return {
    text: draft ?? stored,
    problem,
    type: (text) => {
      draw(text);
      tell(null);
      clearTimeout(timer.current);
      if (!whole) timer.current = setTimeout(commit, PAUSE_MILLIS);
    },
    done: () => {
      if (commit()) draw(null);
    },
  };
}
