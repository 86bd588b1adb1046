/**
 * Values as texts have them. Objects are Maps, since a JavaScript object puts names such as "10" before all others; numbers
 * keep their letters, since 1.0, 1e400 and 2^63 are not what JavaScript makes of them.
 */
import { type Pointer, tokens } from "./pointer";

export type Value = null | boolean | string | NumberText | readonly Value[] | ReadonlyMap<string, Value>;

/** A number as it is written. */
export class NumberText {
  constructor(readonly text: string) {}

  toJSON(): number {
    return Number(this.text);
  }
}

/** The members of an object (a Map or one of JavaScript's own) in their order; of anything else none. */
export function entries(value: unknown): [string, unknown][] {
  if (value instanceof Map) return [...value];
  return isObject(value) ? Object.entries(value) : [];
}

/** The member of that name, undefined if there is none. */
export function member(value: unknown, name: string): unknown {
  if (value instanceof Map) return value.get(name);
  return isObject(value) && Object.hasOwn(value, name) ? value[name as keyof typeof value] : undefined;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

/** The items of an array; of anything else none. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What stands at a pointer; undefined if there is nothing. */
export function valueAt(value: unknown, pointer: Pointer): unknown {
  let found = value;
  for (const name of tokens(pointer)) found = Array.isArray(found) ? found[Number(name)] : member(found, name);
  return found;
}
