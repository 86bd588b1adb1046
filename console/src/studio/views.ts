/** What stands on the desk: picture or outline, fields or text or both or the configuration, and the drawer below. Kept in this browser. */
import { useCallback, useEffect, useState } from "react";

export const MAPS = ["picture", "outline"] as const;
/** `config`: what belongs to a state machine beside its definition, where something does. */
export const SIDES = ["fields", "both", "text", "config"] as const;

export interface Views {
  map: (typeof MAPS)[number];
  side: (typeof SIDES)[number];
  isTesting: boolean;
}

const KEY = "stepwright.studio";
const FIRST: Views = { map: "picture", side: "both", isTesting: false };

interface Desk {
  views: Views;
  show: (part: Partial<Views>) => void;
  /** Fields or text come to stand beside the other, unless they stand there. */
  reveal: (side: "fields" | "text") => void;
}

export function useViews(): Desk {
  const [views, put] = useState(kept);
  useEffect(() => keep(views), [views]);
  const show = useCallback((part: Partial<Views>) => put((before) => ({ ...before, ...part })), []);
  const reveal = useCallback(
    (side: "fields" | "text") =>
      put((before) => (before.side === side || before.side === "both" ? before : { ...before, side: "both" })),
    [],
  );
  return { views, show, reveal };
}

/** A drawer that was open is not opened again: somebody comes to look first. */
function kept(): Views {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Views>;
    return {
      ...FIRST,
      map: MAPS.find((each) => each === found.map) ?? FIRST.map,
      side: SIDES.find((each) => each === found.side) ?? FIRST.side,
    };
  } catch {
    return FIRST;
  }
}

function keep(views: Views): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(views));
  } catch {
    // Where nothing can be kept, it is chosen again.
  }
}
