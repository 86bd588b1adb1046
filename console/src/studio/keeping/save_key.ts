/** Ctrl+S, or Cmd+S, wherever on the page one is. */
import { useEffect, useRef } from "react";

/** Within it an editor hears that it was left. */
const LEFT_MILLIS = 30;

export function useSaveKey(save: () => void): void {
  const latest = useRef(save);
  latest.current = save;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isOurs = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      if (!isOurs || event.key.toLowerCase() !== "s") return;
      // The browser would save its page.
      event.preventDefault();
      const isInDialog = event.target instanceof Element && event.target.closest("[role=dialog]") !== null;
      if (!event.repeat && !isInDialog) void takenOver().then(() => latest.current());
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

/** What is being typed into a field is taken over when that is left: so it is, for a moment. */
async function takenOver(): Promise<void> {
  const field = document.activeElement;
  if (!(field instanceof HTMLElement) || field.closest(".form") === null) return;
  field.blur();
  await new Promise((on) => setTimeout(on, LEFT_MILLIS));
  field.focus({ preventScroll: true });
}
