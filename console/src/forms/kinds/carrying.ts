/** An item of a list is carried to another place in it by a pointer, whichever kind that is; Escape lets go. */
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { type Down, follow } from "../../shell/follow";

/** `to`: its index when it is let go here. */
export interface Carried {
  from: number;
  to: number;
}

/** Nearer than this it is a click. */
const FAR = 4;
/** So near to an edge of what scrolls it scrolls, by so much a frame. */
const EDGE = 48;
const STEP = 12;

/** Where the item at `from` comes to stand when it is let go at `y`, by the middles of all items. */
export const placeAt = (y: number, middles: readonly number[], from: number): number =>
  middles.filter((middle, index) => index !== from && middle < y).length;

interface Carrying {
  carried: Carried | null;
  /** With the event by which a pointer went down on the grip of an item. */
  begin: (from: number, down: Down) => void;
}

/** `list`: its children are the items. `onMove`: one was let go elsewhere. */
export function useCarrying(list: RefObject<HTMLElement | null>, onMove: (from: number, to: number) => void): Carrying {
  const [carried, carry] = useState<Carried | null>(null);
  const leave = useRef<AbortController>(undefined);
  const at = useRef(0);
  const moved = useRef(onMove);
  moved.current = onMove;
  useEffect(() => () => leave.current?.abort(), []);
  const from = carried?.from;
  useLayoutEffect(() => {
    // Items show their heads alone while one is carried: that one stays under the pointer.
    if (from === undefined) return;
    const head = list.current?.children[from]?.getBoundingClientRect();
    const scroller = scrollerOf(list.current);
    if (head && scroller) scroller.scrollTop += (head.top + head.bottom) / 2 - at.current;
  }, [from, list]);

  const begin = (index: number, down: Down) => {
    let now: Carried | null = null;
    let frame = 0;
    const look = () => {
      const to = placeAt(at.current, middlesOf(list.current), index);
      if (now?.to === to) return;
      now = { from: index, to };
      carry(now);
    };
    const scroll = () => {
      scrollNear(scrollerOf(list.current), at.current);
      if (now) look();
      frame = requestAnimationFrame(scroll);
    };
    const begun = follow(down, {
      isFar: (_, y) => Math.abs(y) >= FAR,
      carry: (_, y) => {
        at.current = y;
        if (now === null) frame = requestAnimationFrame(scroll);
        look();
      },
      end: () => carry(null),
      drop: () => {
        if (now && now.to !== index) moved.current(index, now.to);
      },
    });
    if (!begun) return;
    begun.signal.addEventListener("abort", () => cancelAnimationFrame(frame));
    leave.current?.abort();
    leave.current = begun;
  };
  return { carried, begin };
}

function middlesOf(list: HTMLElement | null): number[] {
  return [...(list?.children ?? [])].map((item) => {
    const { top, bottom } = item.getBoundingClientRect();
    return (top + bottom) / 2;
  });
}

function scrollerOf(element: HTMLElement | null): HTMLElement | null {
  for (let around = element?.parentElement ?? null; around; around = around.parentElement) {
    if (around.scrollHeight > around.clientHeight && /auto|scroll/.test(getComputedStyle(around).overflowY)) {
      return around;
    }
  }
  return null;
}

function scrollNear(scroller: HTMLElement | null, y: number): void {
  if (!scroller) return;
  const { top, bottom } = scroller.getBoundingClientRect();
  if (y < top + EDGE) scroller.scrollTop -= STEP;
  else if (y > bottom - EDGE) scroller.scrollTop += STEP;
}
