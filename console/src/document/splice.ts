/** Changes of a text, as editors take them. */

/** `insert` in the place of what is from `from` to `to`. */
export interface Splice {
  from: number;
  to: number;
  insert: string;
}

/** In the order of the text; null if two of them are about the same letters. An insertion stands before what begins there. */
export function inOrder(splices: readonly Splice[]): Splice[] | null {
  const sorted = [...splices].sort((a, b) => a.from - b.from || a.to - b.to);
  const clash = sorted.some((splice, index) => splice.from < (sorted[index - 1]?.to ?? 0));
  return clash ? null : sorted;
}

/** `splices` in their order. */
export function applied(text: string, splices: readonly Splice[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to, insert } of splices) {
    parts.push(text.slice(at, from), insert);
    at = to;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

/** What takes them back, on the text that they make. */
export function inverted(text: string, splices: readonly Splice[]): Splice[] {
  let shift = 0;
  return splices.map(({ from, to, insert }) => {
    const start = from + shift;
    shift += insert.length - (to - from);
    return { from: start, to: start + insert.length, insert: text.slice(from, to) };
  });
}
