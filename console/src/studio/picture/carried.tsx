/** What is carried, at the pointer. */
import { useContext, useSyncExternalStore } from "react";
import { words } from "../../words";
import { DraggingContext } from "./context";
import type { Item } from "./dragging";

export function Carried() {
  const dragging = useContext(DraggingContext);
  const carried = useSyncExternalStore(dragging.subscribe, dragging.carried);
  if (!carried) return null;
  const { item, x, y, over } = carried;
  return (
    <div className={`carried ${over ? "fits" : ""}`} style={{ transform: `translate(${x + 12}px, ${y + 10}px)` }}>
      {nameOf(item)}
    </div>
  );
}

function nameOf(item: Item): string {
  switch (item.kind) {
    case "flow":
      return item.type;
    case "resource":
      return item.offer.title;
    case "text":
    case "state":
      return item.name;
    case "end":
      return words.studio.leadTo;
  }
}
