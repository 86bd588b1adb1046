import { useEffect } from "react";
import { words } from "../words";

/** Of the tab: what is looked at comes first, as tabs are narrow. */
export function useTitle(...parts: string[]): void {
  const title = [...parts, words.product].join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
