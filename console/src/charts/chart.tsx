import type { PointerEvent, ReactNode } from "react";
import { words } from "../words";
import type { Column, Mark } from "./figures";
import "./charts.css";

/** Of a column, and of all of them, in units of the picture. */
export const WIDTH = 10;
export const HEIGHT = 100;

interface Props {
  title: string;
  /** What the colours mean, and how much there is of each. */
  legend: ReactNode;
  columns: readonly Column[];
  marks: readonly Mark[];
  /** How a moment is named below. */
  told: (at: number) => string;
  /** What the height of the picture stands for. */
  top: string;
  chosen: number | null;
  onChoose: (index: number) => void;
  /** What is shown of a column, in words. */
  spoken: (column: Column) => string;
  /** Parts of an SVG picture. */
  children: ReactNode;
}

/** Of the width: behind it there is no room for a word. */
const LAST_MARK = 0.93;

/** A part of the time beside the other. Pointing at one chooses it, and so do the arrows. */
export function Chart({ title, legend, columns, marks, told, top, chosen, onChoose, spoken, children }: Props) {
  const last = columns.length - 1;
  const at = Math.min(chosen ?? last, last);
  const column = columns[at];
  const choose = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const place = Math.floor(((event.clientX - left) / width) * columns.length);
    onChoose(Math.min(last, Math.max(0, place)));
  };
  return (
    <section className="card chart" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <div className="legend">{legend}</div>
      </header>
      <div className="frame">
        <span className="top numbers">{top}</span>
        <div className="plot" onPointerMove={choose} onPointerDown={choose}>
          <svg viewBox={`0 0 ${columns.length * WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
            {chosen !== null && <rect className="chosen" x={at * WIDTH} width={WIDTH} height={HEIGHT} />}
            <path className="half" d={`M0 ${HEIGHT / 2}H${columns.length * WIDTH}`} />
            {children}
          </svg>
          <input
            type="range"
            min={0}
            max={last}
            value={at}
            aria-label={words.dashboard.walk(title)}
            aria-valuetext={column ? spoken(column) : ""}
            onChange={({ target }) => onChoose(Number(target.value))}
          />
        </div>
        <div className="marks numbers" aria-hidden="true">
          {marks
            .filter(({ index }) => index / columns.length < LAST_MARK)
            .map(({ index, at: moment }) => (
              <span key={index} style={{ left: `${(index / columns.length) * 100}%` }}>
                {told(moment)}
              </span>
            ))}
        </div>
      </div>
    </section>
  );
}
