/** JSON pointers (RFC 6901), as text; the empty one is the whole. */
export type Pointer = string;

/** The place of a member (its name) or an item (its index) further down. */
export function child(pointer: Pointer, ...tokens: (string | number)[]): Pointer {
  return pointer + tokens.map((token) => `/${escaped(token)}`).join("");
}

/** The names and indexes on the way from the root. */
export function tokens(pointer: Pointer): string[] {
  return pointer.split("/").slice(1).map(unescaped);
}

/** That of what it is in; of the root the root itself. */
export function parent(pointer: Pointer): Pointer {
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf("/")));
}

/** Whether it is a state that is in no other. */
export const isOutermostState = (pointer: Pointer): boolean => tokens(pointer).length === 2;

/** The name or index within what it is in. */
export function last(pointer: Pointer): string {
  return unescaped(pointer.slice(pointer.lastIndexOf("/") + 1));
}

export function escaped(token: string | number): string {
  return String(token).replaceAll("~", "~0").replaceAll("/", "~1");
}

function unescaped(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
