/** Something is carried by a pointer, whichever kind that is. Pointer events do it, as they are the same for mouse, pen and finger. */

/** Of the event by which a pointer went down. */
export type Down = Pick<PointerEvent, "clientX" | "clientY" | "pointerId" | "button">;

interface Following {
  /** Whether it has gone so far from where it went down that it is not a click. */
  isFar: (x: number, y: number) => boolean;
  /** It is here now. */
  carry: (x: number, y: number) => void;
  /** Nothing is carried any more, however that came. */
  end: () => void;
  /** After `end`: it was let go. */
  drop: () => void;
}

/** Until the pointer is let go, or Escape is pressed, or whoever has this aborts it. Undefined: it was not the main button. */
export function follow(down: Down, { isFar, carry, end, drop }: Following): AbortController | undefined {
  if (down.button !== 0) return undefined;
  const leave = new AbortController();
  const { signal } = leave;
  let isCarried = false;
  const stop = () => {
    leave.abort();
    end();
  };
  const move = (event: PointerEvent) => {
    if (event.pointerId !== down.pointerId) return;
    const { clientX: x, clientY: y } = event;
    isCarried ||= isFar(x - down.clientX, y - down.clientY);
    if (!isCarried) return;
    event.preventDefault();
    carry(x, y);
  };
  const up = (event: PointerEvent) => {
    if (event.pointerId !== down.pointerId) return;
    stop();
    if (isCarried) drop();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    stop();
  };
  addEventListener("pointermove", move, { signal, passive: false });
  addEventListener("pointerup", up, { signal });
  addEventListener("pointercancel", stop, { signal });
  addEventListener("keydown", key, { signal, capture: true });
  return leave;
}
