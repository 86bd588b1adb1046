/** What may be written at a place of a field's text: the expression around it is found first. */
import { type Offered, offered, type Scope } from "./completion";
import { opensBefore } from "./delimiters";

/** `path`: the whole text is one. `value`: anything, in which JSONata stands between its signs and paths behind names with `.$`. */
export type Mode = "path" | "value";

const AFTER_PATH_NAME = /"[^"\n]*\.\$"\s*:\s*"([^"\n]*)$/;

export function offeredAt(text: string, at: number, mode: Mode, scope: Scope): Offered | null {
  const before = text.slice(0, at);
  const begin = mode === "path" ? 0 : beginOf(before, at, scope);
  if (begin < 0) return null;
  const found = offered(before.slice(begin), scope);
  return found && { from: found.from + begin, options: found.options };
}

function beginOf(before: string, at: number, { language }: Scope): number {
  if (language === "JSONata") return opensBefore(before, at);
  const found = AFTER_PATH_NAME.exec(before);
  return found ? at - (found[1] ?? "").length : -1;
}
