/** The newest lines of a log that has no end. */

export interface LogLine {
  /** Counted from the first that came. */
  number: number;
  /** Milliseconds since 1970; null: nobody knows. */
  moment: number | null;
  text: string;
}

export interface Ring {
  lines: readonly LogLine[];
  /** How many have gone. */
  dropped: number;
}

export const MOST_LINES = 5_000;
export const EMPTY: Ring = { lines: [], dropped: 0 };

export function withLines(
  { lines, dropped }: Ring,
  rows: readonly (readonly [moment: number | null, text: string])[],
  most = MOST_LINES,
): Ring {
  const first = dropped + lines.length;
  const all = [...lines, ...rows.map(([moment, text], index) => ({ number: first + index, moment, text }))];
  const over = Math.max(0, all.length - most);
  return { lines: over ? all.slice(over) : all, dropped: dropped + over };
}
