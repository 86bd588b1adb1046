/** What is wrong with a text, each with its place. */
import type { Lines } from "./lines";

/** `line` and `column` count from 1. A text with an error has no edits until it is mended; its tree is as far as it goes. */
export interface Problem {
  severity: "error" | "warning";
  message: string;
  from: number;
  to: number;
  line: number;
  column: number;
}

/** Collects problems, in the order of the text. */
export class Problems {
  private readonly found: Problem[] = [];

  constructor(private readonly lines: Lines) {}

  add(severity: Problem["severity"], message: string, from: number, to: number): void {
    this.found.push({ severity, message, from, to: Math.max(from, to), ...this.lines.at(from) });
  }

  all(): Problem[] {
    return this.found.sort((a, b) => a.from - b.from);
  }
}

/** About no place in particular. */
export function ofTheWhole(text: string, message: string): Problem {
  return { severity: "error", message, from: 0, to: text.length, line: 1, column: 1 };
}
