import { useState } from "react";
import { ApiFailure } from "../api/client";

export interface Refusal {
  /** AWS's name of the error, or the console's. */
  code: string;
  message: string;
}

export interface Acting {
  isUnderWay: boolean;
  refused: Refusal | null;
  run: () => void;
}

/** Something that a button does: once at a time, and what was refused stays to be read until it is done again. */
export function useAct<Done>(act: () => Promise<Done>, then: (done: Done) => void): Acting {
  const [isUnderWay, beUnderWay] = useState(false);
  const [refused, refuse] = useState<Refusal | null>(null);
  const run = async () => {
    if (isUnderWay) return;
    beUnderWay(true);
    refuse(null);
    try {
      then(await act());
    } catch (error) {
      // Whose session has ended is shown the login, and may then do it again.
      if (error instanceof ApiFailure && error.status === 401) return;
      const message = error instanceof Error ? error.message : String(error);
      refuse({ code: error instanceof ApiFailure ? error.code : "", message });
    } finally {
      beUnderWay(false);
    }
  };
  return { isUnderWay, refused, run: () => void run() };
}
