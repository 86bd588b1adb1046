/**
 * Something is carried to a place in the picture by a pointer: from the palette, a state, or the end of an edge. Escape lets
 * go.
 */
import { useSyncExternalStore } from "react";
import type { Offer } from "../../api/generated/console";
import type { Pointer } from "../../document";
import type { Target } from "../../editing/places";
import { type Down, follow } from "../../shell/follow";

/** `end`: of an edge, which is to lead elsewhere. `text`: states as ASL. */
export type Item =
  | { kind: "flow"; type: string }
  | { kind: "resource"; offer: Offer }
  | { kind: "text"; name: string; text: string }
  | { kind: "state"; pointer: Pointer; name: string }
  | { kind: "end"; edge: Pointer; scope: Pointer };

export interface Carried {
  item: Item;
  x: number;
  y: number;
  over: Target | null;
}

type Drop = (item: Item, target: Target) => void;

/** Nearer than this it is a click. */
const FAR = 6;

export class Dragging {
  private now: Carried | null = null;
  private readonly told = new Set<() => void>();

  constructor(
    private readonly fits: (item: Item, target: Target) => boolean,
    private readonly drop: Drop,
  ) {}

  readonly subscribe = (tell: () => void): (() => void) => {
    this.told.add(tell);
    return () => this.told.delete(tell);
  };

  readonly carried = (): Carried | null => this.now;

  /** With the event by which a pointer went down. */
  begin(item: Item, down: Down): void {
    let over: Target | null = null;
    follow(down, {
      isFar: (x, y) => Math.hypot(x, y) >= FAR,
      carry: (x, y) => {
        const found = targetAt(x, y);
        over = found && this.fits(item, found) ? found : null;
        this.set({ item, x, y, over });
      },
      end: () => this.set(null),
      drop: () => {
        swallowClick();
        if (over) this.drop(item, over);
      },
    });
  }

  private set(carried: Carried | null): void {
    if (carried === this.now) return;
    this.now = carried;
    document.body.classList.toggle("carrying", carried !== null);
    for (const tell of this.told) tell();
  }
}

/** What lies there, by what the parts of the picture say of themselves; what is nearest to the eye counts. */
function targetAt(x: number, y: number): Target | null {
  for (const element of document.elementsFromPoint(x, y)) {
    const edge = element.closest("[data-edge]")?.getAttribute("data-edge");
    if (edge) return { edge };
    const node = element.closest(".react-flow__node")?.getAttribute("data-id");
    if (node) return { node };
    if (element.closest("[data-pane]")) return { pane: true };
  }
  return null;
}

/** Letting go is not a click on what lies there. */
function swallowClick(): void {
  const stop = (event: Event) => event.stopPropagation();
  addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", stop, { capture: true }));
}

/** A word on what is carried, for one part of the picture, which is drawn anew only if that changes. */
export const useCarried = <Word extends string | boolean | null>(
  dragging: Dragging,
  word: (carried: Carried | null) => Word,
): Word => useSyncExternalStore(dragging.subscribe, () => word(dragging.carried()));
