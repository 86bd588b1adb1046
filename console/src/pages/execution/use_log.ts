import { useEffect, useState } from "react";
import { readLog } from "../../api/logs";
import { EMPTY, MOST_LINES, type Ring, withLines } from "../../execution/log_ring";

interface Wanted {
  source: string;
  tail: number;
  follow: boolean;
}

interface Read {
  ring: Ring;
  /** Why there is no more; null while there is nothing to say. */
  said: string | null;
  isOpen: boolean;
}

const AGAIN_MILLIS = 1_000;
/** An answer ends after a while, and connections break; each time as much is read again as is kept. */
const MOST_TIMES = 20;

/** The lines of a log, as they come. */
export function useLog(execution: string, visit: number, { source, tail, follow }: Wanted): Read {
  const [read, be] = useState<Read>({ ring: EMPTY, said: null, isOpen: true });
  useEffect(() => {
    const stop = new AbortController();
    const reading = async () => {
      for (let times = 0; times < MOST_TIMES && !stop.signal.aborted; times += 1) {
        let ring = EMPTY;
        const asked = { source, tail: times ? MOST_LINES : tail, follow };
        const { reason, message } = await readLog(
          execution,
          visit,
          asked,
          (rows) => {
            ring = withLines(ring, rows);
            be({ ring, said: null, isOpen: true });
          },
          stop.signal,
        );
        const isOver = !follow || (reason !== "more" && reason !== "lost");
        if (stop.signal.aborted) return;
        be({ ring, said: message || null, isOpen: !isOver });
        if (isOver) return;
        await new Promise((next) => setTimeout(next, AGAIN_MILLIS));
      }
    };
    reading().catch((error: unknown) => {
      if (stop.signal.aborted) return;
      const said = error instanceof Error ? error.message : String(error);
      be((before) => ({ ...before, said, isOpen: false }));
    });
    return () => stop.abort();
  }, [execution, visit, source, tail, follow]);
  return read;
}
