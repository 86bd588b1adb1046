/** JSONata stands between `{%` and `%}`, which are not part of it. */

/** What is between them; null if the text is not an expression. */
export function expressionIn(text: string): string | null {
  const found = /^\{%([\s\S]*)%\}$/.exec(text);
  return found ? (found[1] ?? "").trim() : null;
}

export const asExpression = (text: string): string => `{% ${text.trim()} %}`;

/** Where in a text that is being written the expression begins that a place is in; -1 if it is in none. */
export function opensBefore(text: string, at: number): number {
  const open = text.lastIndexOf("{%", at - 1);
  if (open < 0) return -1;
  const close = text.indexOf("%}", open + 2);
  return close >= 0 && close < at ? -1 : open + 2;
}
