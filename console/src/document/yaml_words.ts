/** Texts, names and numbers as YAML, so that the parsers of YAML 1.1 and of 1.2 read the same. */
import type { Style } from "./tree";
import { NumberText } from "./value";

const LONGEST_NAME = 200;
const BEGIN = /^[A-Za-z_$./\u00c0-\ud7ff]/;
/** YAML 1.1 takes these for something else. */
const SPECIAL = /^(null|true|false|yes|no|on|off|y|n)$|^\.(inf|nan|\d)/i;
/** What JSON leaves as it is, and YAML does not allow. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff]/g;

/** Without quotes where that is safe, else in those that need the fewest escapes. `flow`: within brackets. */
export function text(value: string, flow: boolean): string {
  if (isPlain(value, flow)) return value;
  return /["\\]/.test(value) && isPrintable(value) ? single(value) : double(value);
}

/** In the quotes that are there. */
export function like(style: Style, value: string, flow: boolean): string {
  if (style === "double") return double(value);
  if (style === "single" && isPrintable(value)) return single(value);
  return text(value, flow);
}

export function double(value: string): string {
  return JSON.stringify(value).replaceAll(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function single(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** No control characters, no halves of characters, no other ends of lines. */
export function isPrintable(value: string): boolean {
  return !/[\p{Cc}\p{Cs}\u2028\u2029\ufeff]/u.test(value);
}

function isPlain(value: string, flow: boolean): boolean {
  if (value.length > LONGEST_NAME || !BEGIN.test(value) || !isPrintable(value) || SPECIAL.test(value)) return false;
  if (/: |:$| #|\s$|^\.\.\./.test(value)) return false;
  return !flow || !/[,[\]{}:#]/.test(value);
}

export function scalar(value: null | boolean | string | NumberText, flow: boolean): string {
  if (typeof value === "string") return text(value, flow);
  return value instanceof NumberText ? value.text : String(value);
}
