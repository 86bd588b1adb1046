/**
 * What the letters of a YAML scalar stand for. As the server reads them (`files/yaml_values.py`): YAML's JSON schema, so
 * `yes` and `2024-01-02` are texts, `1.0` stays what it is, and `012345678901` (an account's id) is not a number.
 */
import { NumberText } from "./value";

const NULLS = new Set(["", "~", "null", "Null", "NULL"]);
const BOOLEANS = new Map([
  ...["true", "True", "TRUE"].map((text) => [text, true] as const),
  ...["false", "False", "FALSE"].map((text) => [text, false] as const),
]);
const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/;
const LONGEST_NUMBER = 1000;

export function ofPlain(text: string): null | boolean | string | NumberText {
  if (NULLS.has(text)) return null;
  return BOOLEANS.get(text) ?? (text.length <= LONGEST_NUMBER && NUMBER.test(text) ? new NumberText(text) : text);
}
