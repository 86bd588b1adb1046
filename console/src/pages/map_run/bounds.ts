/** What a person types for the bounds of a Map Run. */
import type { Bounds } from "../../api/map_runs";
import { words } from "../../words";

export type Typed = Record<keyof Bounds, string>;

export const typed = (bounds: Bounds): Typed => ({
  maxConcurrency: String(bounds.maxConcurrency),
  toleratedFailureCount: String(bounds.toleratedFailureCount),
  toleratedFailurePercentage: String(bounds.toleratedFailurePercentage),
});

/** What is wrong with it, if something is. */
export function faultOf(field: keyof Bounds, text: string): string | null {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (field === "toleratedFailurePercentage") return number >= 0 && number <= 100 ? null : words.mapRun.share;
  return Number.isSafeInteger(number) && number >= 0 ? null : words.mapRun.whole;
}

/** Only what differs is sent: the rest is what it was, whoever changes it meanwhile. */
export function changed(before: Bounds, now: Typed): Partial<Bounds> {
  const fields = Object.keys(now) as (keyof Bounds)[];
  return Object.fromEntries(
    fields.filter((field) => Number(now[field]) !== before[field]).map((field) => [field, Number(now[field])]),
  );
}
