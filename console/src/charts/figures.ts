/** What is shown of many executions at once: shares, parts of the time, and round numbers for scales. */
import type { Figures, Metrics } from "../api/generated/console";

export type Span = Metrics["span"];
export const SPANS: readonly Span[] = ["hour", "day", "week"];

/** What a bar is made of, from below. */
export const KINDS = ["succeeded", "failed", "aborted", "running"] as const;
export type Kind = (typeof KINDS)[number];

const STATUSES: Record<Kind, readonly (keyof Figures["statuses"])[]> = {
  succeeded: ["SUCCEEDED"],
  failed: ["FAILED", "TIMED_OUT"],
  aborted: ["ABORTED"],
  running: ["RUNNING"],
};

export const counted = ({ statuses }: Figures, kind: Kind): number =>
  STATUSES[kind].reduce((sum, status) => sum + (statuses[status] ?? 0), 0);

export const started = (figures: Figures): number => KINDS.reduce((sum, kind) => sum + counted(figures, kind), 0);

/** Of those that have ended by themselves; null: none has. */
export function failureRate(figures: Figures): number | null {
  const failed = counted(figures, "failed");
  const ended = failed + counted(figures, "succeeded");
  return ended === 0 ? null : failed / ended;
}

/** A part of the time, in milliseconds since 1970. */
export interface Column {
  begin: number;
  end: number;
  figures: Figures;
}

const NONE: Figures = { statuses: {} };

/** All parts, those in which nothing was started too. */
export function columnsOf({ since, step, count, parts }: Metrics): Column[] {
  const known = new Map(parts.map(({ begin, figures }) => [begin, figures]));
  return Array.from({ length: count }, (_, index) => {
    const begin = since + index * step;
    return { begin, end: begin + step, figures: known.get(begin) ?? NONE };
  });
}

/** A moment whose figures are below a chart. */
export interface Mark {
  index: number;
  at: number;
}

const MINUTES = 15;
const HOURS = 6;

const STRETCHES: Record<Span, (at: Date) => unknown> = {
  hour: (at) => Math.floor(at.getMinutes() / MINUTES),
  day: (at) => Math.floor(at.getHours() / HOURS),
  week: (at) => at.getDate(),
};

/** Where a quarter of an hour, of a day, or a day begins, as clocks here have it. */
export function marksOf(columns: readonly Column[], span: Span): Mark[] {
  const stretch = STRETCHES[span];
  return columns.flatMap(({ begin }, index) => {
    const before = columns[index - 1];
    const isFirst = before !== undefined && stretch(new Date(before.begin)) !== stretch(new Date(begin));
    return isFirst ? [{ index, at: begin }] : [];
  });
}

const ROUND = [1, 2, 3, 4, 5, 6, 8, 10];

/** The least round number that is at least so large: the top of a scale. */
export function roundUp(most: number): number {
  if (most <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * (ROUND.find((each) => each * power >= most) ?? 10);
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LARGE = [SECOND, MINUTE, HOUR].flatMap((unit) => [1, 2, 3, 4, 5, 10, 15, 20, 30, 40].map((each) => each * unit));

/** The same of milliseconds, which people count by 60 from seconds on. */
export function roundUpTime(most: number): number {
  if (most <= SECOND) return roundUp(most);
  return LARGE.find((each) => each >= most) ?? DAY * roundUp(most / DAY);
}
