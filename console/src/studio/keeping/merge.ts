/** Two people have changed one text: what each has done, by lines, and both together as far as they do not meet. */
import { diff } from "@codemirror/merge";

/** `text`: both; where they meet, what is yours. `clashes`: how often they meet. */
export interface Merged {
  text: string;
  clashes: number;
}

/** Lines of the base from `from` to `to` became others. */
export interface Changed {
  from: number;
  to: number;
  lines: string[];
}

export function merged(base: string, yours: string, theirs: string): Merged {
  const lines = base.split("\n");
  const [mine, others] = [changed(lines, yours.split("\n")), changed(lines, theirs.split("\n"))];
  const same = (a: Changed, b: Changed) =>
    a.from === b.from && a.to === b.to && a.lines.join("\n") === b.lines.join("\n");
  const meets = (a: Changed, b: Changed) => a.from <= b.to && b.from <= a.to;
  let clashes = 0;
  const taken = others.filter((each) => {
    if (mine.some((own) => same(own, each))) return false;
    const isFree = !mine.some((own) => meets(own, each));
    if (!isFree) clashes += 1;
    return isFree;
  });
  const result = [...lines];
  for (const { from, to, lines: now } of [...mine, ...taken].sort((a, b) => b.from - a.from)) {
    result.splice(from, to - from, ...now);
  }
  return { text: result.join("\n"), clashes };
}

/** More there are not of one unit each: whoever has more lines than that chooses one text or the other. */
const MOST_LETTERS = 55_000;

/** What has become of the lines of a text. Each line is taken as one letter, so that letters are compared. */
export function changed(base: readonly string[], now: readonly string[]): Changed[] {
  const letters = new Map<string, string>();
  const letter = (line: string): string => {
    const found = letters.get(line) ?? String.fromCharCode(letters.size + 1);
    letters.set(line, found);
    return found;
  };
  const [a, b] = [base.map(letter).join(""), now.map(letter).join("")];
  if (letters.size > MOST_LETTERS) return [{ from: 0, to: base.length, lines: [...now] }];
  return diff(a, b).map(({ fromA, toA, fromB, toB }) => ({ from: fromA, to: toA, lines: now.slice(fromB, toB) }));
}
