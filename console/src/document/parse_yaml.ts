/** YAML as a tree: one document, with YAML's own ways of writing kept apart from what they mean. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
  type Node as YamlNode,
} from "yaml";
import { columnOf, type Lines, lineStart } from "./lines";
import { type Problem, Problems } from "./problems";
import { ofPlain } from "./scalars";
import type { Member, Node, ScalarNode, Style } from "./tree";

const STYLES: Record<string, Style> = {
  PLAIN: "plain",
  QUOTE_DOUBLE: "double",
  QUOTE_SINGLE: "single",
  BLOCK_LITERAL: "block",
  BLOCK_FOLDED: "block",
};
const STANDARD = "tag:yaml.org,2002:";
/** YAML's own; others mean something in templates of AWS's tools alone. */
const KNOWN = new Set(["bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value"]);

export function parseYaml(text: string, lines: Lines): { root: Node | null; problems: Problem[] } {
  const problems = new Problems(lines);
  // Scalars are read by our own rules, which are those of the server.
  const found = parseDocument(text, { schema: "failsafe", uniqueKeys: false, prettyErrors: false, logLevel: "error" });
  for (const { message, pos, code } of found.errors) problems.add("error", sentence(code, message), pos[0], pos[1]);
  return { root: new Reader(text, problems).root(found), problems: problems.all() };
}

function sentence(code: string, message: string): string {
  if (code === "MULTIPLE_DOCS") return "a second document begins here; each needs a file of its own to be edited";
  if (code === "TAB_AS_INDENT") return "lines are indented with spaces, not with tabs";
  return message;
}

class Reader {
  private readonly anchors = new Set<string>();

  constructor(
    private readonly text: string,
    private readonly problems: Problems,
  ) {}

  root(document: Document.Parsed): Node | null {
    return document.contents === null ? null : this.node(document.contents, 0);
  }

  /** `after`: where an empty value stands. */
  private node(found: YamlNode | null, after: number): Node {
    if (isAlias(found)) {
      const [from, to] = rangeOf(found, after);
      if (!this.anchors.has(found.source)) this.problems.add("error", `there is no anchor &${found.source}`, from, to);
      return { kind: "alias", from, to, anchor: null, name: found.source };
    }
    const anchor = (isMap(found) || isSeq(found) || isScalar(found)) && found.anchor ? found.anchor : null;
    this.checkTag(found);
    const node = isMap(found)
      ? this.object(found, anchor)
      : isSeq(found)
        ? this.array(found, anchor)
        : this.scalar(isScalar(found) ? found : null, anchor, after);
    // Named when it is complete: a value cannot contain itself.
    if (anchor !== null) this.anchors.add(anchor);
    return node;
  }

  private checkTag(found: YamlNode | null): void {
    const tag = found?.tag;
    if (!tag || (tag.startsWith(STANDARD) && KNOWN.has(tag.slice(STANDARD.length)))) return;
    const [from, to] = rangeOf(found, 0);
    this.problems.add("error", `the tag ${tag} is not known; values have no tags here`, from, to);
  }

  private object(found: YAMLMap, anchor: string | null): Node {
    const [from, to] = rangeOf(found, 0);
    const members: Member[] = [];
    const seen = new Set<string>();
    for (const pair of found.items as Pair<YamlNode, YamlNode | null>[]) {
      const member = this.member(pair);
      if (!member) continue;
      if (seen.has(member.key)) {
        this.problems.add("warning", `${JSON.stringify(member.key)} stands here twice`, member.from, member.to);
      }
      seen.add(member.key);
      members.push(member);
    }
    if (found.flow) return { kind: "object", from, to, anchor, flow: true, members };
    const [first, last] = [members[0]?.from ?? from, members.at(-1)?.value.to ?? to];
    return { kind: "object", from: first, to: last, anchor, flow: false, members };
  }

  private member({ key, value }: Pair<YamlNode, YamlNode | null>): Member | null {
    const [from, to] = rangeOf(key, 0);
    if (!isScalar(key)) {
      this.problems.add("error", "the name of a field must be a text", from, to);
      return null;
    }
    const end = key.type === "PLAIN" || !key.type ? trimmed(this.text, from, to) : to;
    const colon = this.colon(end);
    const inside = this.node(value, colon < 0 ? end : colon + 1);
    return { key: String(key.value ?? ""), from, to: end, colon, value: inside };
  }

  private colon(after: number): number {
    let at = after;
    while (this.text[at] === " " || this.text[at] === "\t") at += 1;
    return this.text[at] === ":" ? at : -1;
  }

  private array(found: YAMLSeq, anchor: string | null): Node {
    const [from, to] = rangeOf(found, 0);
    const items: Node[] = [];
    for (const item of found.items as (YamlNode | null)[]) items.push(this.node(item, from));
    if (found.flow) return { kind: "array", from, to, anchor, flow: true, items, dashes: [] };
    const column = columnOf(this.text, from);
    const dashes = items.map((item) => this.dash(item.from, column));
    return { kind: "array", from, to: items.at(-1)?.to ?? to, anchor, flow: false, items, dashes };
  }

  /** The dash in that column, on the line of the item or above; only comments, anchors and tags may be between. */
  private dash(from: number, column: number): number {
    for (let start = lineStart(this.text, from); ; start = lineStart(this.text, start - 1)) {
      const at = start + column;
      if (this.text[at] === "-" && at < from + 1 && /^[ -]*$/.test(this.text.slice(start, at))) return at;
      if (start === 0) return -1;
    }
  }

  private scalar(found: Scalar | null, anchor: string | null, after: number): ScalarNode {
    if (!found?.type) return { kind: "scalar", from: after, to: after, anchor, value: null, style: "empty" };
    const [from, to] = rangeOf(found, after);
    const style = STYLES[found.type] ?? "plain";
    const text = String(found.value ?? "");
    if (style === "plain" && from === to) {
      return { kind: "scalar", from, to, anchor, value: found.tag === `${STANDARD}str` ? "" : null, style: "empty" };
    }
    const isText = style !== "plain" || found.tag === `${STANDARD}str`;
    const end = style === "block" ? trimmed(this.text, from, to) : to;
    return { kind: "scalar", from, to: end, anchor, value: isText ? text : ofPlain(text), style };
  }
}

/** Without white space at the end. */
function trimmed(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && /\s/.test(text[end - 1] ?? "")) end -= 1;
  return end;
}

function rangeOf(found: YamlNode | null, otherwise: number): [from: number, to: number] {
  return found?.range ? [found.range[0], found.range[1]] : [otherwise, otherwise];
}
