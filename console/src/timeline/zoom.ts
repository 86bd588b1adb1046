/** Parts of the time of an execution, as one zooms and moves. */

export type Range = readonly [from: number, to: number];

/** Shorter ones tell nothing: times are whole milliseconds. */
const SHORTEST = 4;

/** Of `all`, with whole milliseconds, and not shorter than one can look at. */
export function inside([from, to]: Range, [first, last]: Range): Range {
  const length = Math.min(last - first, Math.max(SHORTEST, Math.round(to - from)));
  const begin = Math.min(Math.max(first, Math.round(from)), last - length);
  return [begin, begin + length];
}

/** `by` of its length, around its middle. */
export function zoomed([from, to]: Range, by: number): Range {
  const [middle, half] = [(from + to) / 2, ((to - from) / 2) * by];
  return [middle - half, middle + half];
}

/** By a part of its length, as far as `all` goes. */
export function moved([from, to]: Range, by: number, all: Range): Range {
  const far = (to - from) * by;
  return inside([from + far, to + far], all);
}

/** As the address has it: milliseconds since the start. */
export function readZoom(text: string | undefined, zero: number): Range | undefined {
  const [from, to] = text?.split("-").map(Number) ?? [];
  return from !== undefined && to !== undefined && to > from ? [zero + from, zero + to] : undefined;
}

export const writeZoom = (range: Range | undefined, zero: number): string | undefined =>
  range?.map((time) => Math.max(0, Math.round(time - zero))).join("-");
