/** Spans of time that end now, whenever that is. */
export const SPANS = ["hour", "day", "week"] as const;
export type Span = (typeof SPANS)[number];

const MINUTE_MILLIS = 60_000;
const MILLIS: Record<Span, number> = {
  hour: 60 * MINUTE_MILLIS,
  day: 24 * 60 * MINUTE_MILLIS,
  week: 7 * 24 * 60 * MINUTE_MILLIS,
};

/** When it began, to the minute. */
export const since = (span: Span): number => Math.floor((Date.now() - MILLIS[span]) / MINUTE_MILLIS) * MINUTE_MILLIS;
