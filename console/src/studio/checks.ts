/** What the server says of the text, a moment after it has changed. */
import { useEffect } from "react";
import { check } from "../api/studio";
import type { Session } from "../editing/session";
import { useSnapshot } from "../editing/use_session";

const PAUSE_MILLIS = 200;

export function useChecks(session: Session): void {
  const { document, broken } = useSnapshot(session);
  useEffect(() => {
    if (broken) return;
    const leave = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const found = await check({ text: document.text, format: document.format }, leave.signal);
        if (!leave.signal.aborted) session.check(found);
      } catch {
        // The next change asks again, and saving says why it cannot be done. Until then nobody knows whether it is fine.
        if (!leave.signal.aborted) session.check(null);
      }
    }, PAUSE_MILLIS);
    return () => {
      clearTimeout(timer);
      leave.abort();
    };
  }, [session, document, broken]);
}
