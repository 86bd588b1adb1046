/** JSON as a tree. What is broken is left out, and said with its place. */
import { type Node as JsonNode, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Lines } from "./lines";
import { type Problem, Problems } from "./problems";
import type { Node, ObjectNode } from "./tree";
import { NumberText } from "./value";

const SENTENCES: Record<string, string> = {
  InvalidSymbol: "this is no JSON value: texts stand in double quotes",
  InvalidNumberFormat: "this is no JSON number",
  PropertyNameExpected: "the name of a field is expected here, in double quotes",
  ValueExpected: "a value is expected here",
  ColonExpected: "a colon is expected here",
  CommaExpected: "a comma is expected before this",
  CloseBraceExpected: "the closing brace } is missing",
  CloseBracketExpected: "the closing bracket ] is missing",
  EndOfFileExpected: "the text should end here",
  InvalidCommentToken: "JSON has no comments; YAML has",
  UnexpectedEndOfComment: "JSON has no comments; YAML has",
  UnexpectedEndOfString: "the quote at the end of the text is missing",
  UnexpectedEndOfNumber: "the number is not complete",
  InvalidUnicode: "\\u is followed by four hexadecimal digits",
  InvalidEscapeCharacter: "this character is not escaped with a backslash in JSON",
  InvalidCharacter: "control characters in texts are written as escapes: \\n, \\t",
};

export function parseJson(text: string, lines: Lines): { root: Node | null; problems: Problem[] } {
  const problems = new Problems(lines);
  const errors: ParseError[] = [];
  // A mark in front is not part of the text; the places of all else stay what they are.
  const marked = text.startsWith("\ufeff") ? ` ${text.slice(1)}` : text;
  const found = parseTree(marked, errors, { disallowComments: true, allowTrailingComma: false });
  const root = found ? new Reader(text, problems).node(found) : null;
  for (const { error, offset, length } of errors) {
    problems.add("error", SENTENCES[printParseErrorCode(error)] ?? "this is not JSON", offset, offset + length);
  }
  return { root, problems: problems.all() };
}

class Reader {
  constructor(
    private readonly text: string,
    private readonly problems: Problems,
  ) {}

  node(found: JsonNode): Node {
    const place = { from: found.offset, to: found.offset + found.length, anchor: null };
    switch (found.type) {
      case "object":
        return { kind: "object", ...place, flow: true, members: this.members(found) };
      case "array": {
        const items = (found.children ?? []).map((item) => this.node(item));
        return { kind: "array", ...place, flow: true, items, dashes: [] };
      }
      case "number": {
        const value = new NumberText(this.text.slice(place.from, place.to));
        return { kind: "scalar", ...place, value, style: "plain" };
      }
      case "string":
        return { kind: "scalar", ...place, value: String(found.value), style: "double" };
      default:
        return { kind: "scalar", ...place, value: found.value ?? null, style: "plain" };
    }
  }

  private members(found: JsonNode): ObjectNode["members"] {
    const members: ObjectNode["members"] = [];
    const seen = new Set<string>();
    for (const { children, colonOffset } of found.children ?? []) {
      const [key, value] = children ?? [];
      if (!key || !value) continue; // said already
      const name = String(key.value);
      const [from, to] = [key.offset, key.offset + key.length];
      if (seen.has(name)) this.problems.add("warning", `${JSON.stringify(name)} stands here twice`, from, to);
      seen.add(name);
      members.push({ key: name, from, to, colon: colonOffset ?? -1, value: this.node(value) });
    }
    return members;
  }
}
