import { type PointerEvent, useState } from "react";
import { type Scale, ticks } from "../execution/scale";
import { words } from "../words";
import { duration } from "../words/time";
import type { Range } from "./zoom";

interface Props {
  scale: Scale;
  /** When the execution was: marks tell the time since then. */
  zero: number;
  /** What was drawn over with the pointer. */
  onRange: (range: Range) => void;
}

/** Of the line. */
const SHORTEST_DRAG = 0.01;
const percent = (place: number) => `${place * 100}%`;

/** Marks of time, and how long what is folded was. Drawing over a part of it zooms in there; buttons do so for keys. */
export function Axis({ scale, zero, onRange }: Props) {
  const [drawn, draw] = useState<Range | null>(null);
  const placeOf = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width));
  };
  const end = () => {
    if (drawn) {
      const [from, to] = [Math.min(...drawn), Math.max(...drawn)];
      if (to - from > SHORTEST_DRAG) onRange([scale.time(from), scale.time(to)]);
    }
    draw(null);
  };
  return (
    <div
      className="axis"
      title={words.timeline.draw}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const place = placeOf(event);
        draw([place, place]);
      }}
      onPointerMove={(event) => drawn && draw([drawn[0], placeOf(event)])}
      onPointerUp={end}
      onPointerCancel={() => draw(null)}
    >
      <span className="unseen">{words.timeline.time}</span>
      {ticks(scale, zero).map((time) => (
        <span key={time} className="tick" style={{ left: percent(scale.place(time)) }}>
          +{duration(time - zero)}
        </span>
      ))}
      {scale.pieces
        .filter(({ isFolded }) => isFolded)
        .map(({ from, to, start, end: stop }) => (
          <span key={from} className="folded" style={{ left: percent(start), width: percent(stop - start) }}>
            <span>{duration(to - from)}</span>
          </span>
        ))}
      {drawn && (
        <i
          className="drawn"
          style={{ left: percent(Math.min(...drawn)), width: percent(Math.abs(drawn[1] - drawn[0])) }}
        />
      )}
    </div>
  );
}
