/**
 * A line of a terminal as text with classes: colours become names, whatever else a program tells a terminal is left out, and
 * nothing of it is ever markup.
 * Source: https://en.wikipedia.org/wiki/ANSI_escape_code#Select_Graphic_Rendition_parameters
 */

export interface LogPiece {
  text: string;
  classes: string;
}

interface Style {
  colour: string | null;
  marks: Set<string>;
}

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const MARKS: Record<number, string> = { 1: "bold", 2: "dim", 3: "italic", 4: "underlined", 7: "inverse", 9: "struck" };
/** Which mark a code takes away. */
const UNMARKS: Record<number, string[]> = {
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underlined"],
  27: ["inverse"],
  29: ["struck"],
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: sequences begin with one
const SEQUENCE = /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[@-_]?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/g;

/** What is left of it on a terminal. */
export function pieces(line: string): LogPiece[] {
  const found: LogPiece[] = [];
  const style: Style = { colour: null, marks: new Set() };
  const add = (text: string) => {
    if (!text) return;
    const classes = [...(style.colour ? [style.colour] : []), ...style.marks].join(" ");
    const last = found.at(-1);
    if (last?.classes === classes) last.text += shown(text);
    else found.push({ text: shown(text), classes });
  };
  const rest = overwritten(line);
  let from = 0;
  for (const sequence of rest.matchAll(SEQUENCE)) {
    add(rest.slice(from, sequence.index));
    from = sequence.index + sequence[0].length;
    if (sequence[2] === "m") restyle(style, sequence[1] ?? "");
  }
  add(rest.slice(from));
  return found;
}

/** A bar of progress writes over itself: what was written last is seen. */
function overwritten(line: string): string {
  const ended = line.replace(/\r+$/, "");
  return ended.slice(ended.lastIndexOf("\r") + 1);
}

/** A character that cannot be seen has a picture of its own. */
const shown = (text: string): string =>
  text.replaceAll(CONTROL, (one) => String.fromCharCode(one === "\x7f" ? 0x2421 : 0x2400 + one.charCodeAt(0)));

function restyle(style: Style, given: string): void {
  const codes = given.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) Object.assign(style, { colour: null, marks: new Set() });
    else if (MARKS[code]) style.marks.add(MARKS[code]);
    else if (UNMARKS[code]) for (const mark of UNMARKS[code]) style.marks.delete(mark);
    else if (code >= 30 && code <= 37) style.colour = NAMES[code - 30] ?? null;
    else if (code >= 90 && code <= 97) style.colour = NAMES[code - 90] ?? null;
    else if (code === 39) style.colour = null;
    else if (code === 38 || code === 48) {
      // Of the 256 colours the first are those with names; all others, and grounds, are left out.
      const isIndexed = codes[at + 1] === 5;
      if (code === 38 && isIndexed) style.colour = NAMES[codes[at + 2] ?? -1] ?? null;
      at += isIndexed ? 2 : 4;
    }
  }
}
