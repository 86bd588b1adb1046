/**
 * A definition as a person has it: a text, in JSON or YAML, by itself or within a manifest. The text is the truth; the tree, the
 * value and whatever is shown are made from it, and an edit (`making`) makes another text.
 */
import { Refused } from "./content";
import { expanded } from "./expand";
import { type Habits, habitsOf } from "./habits";
import { Lines } from "./lines";
import { parsed } from "./parsed";
import { type Pointer, parent } from "./pointer";
import { ofTheWhole, type Problem } from "./problems";
import { type Node, nodeAt, pointerAt } from "./tree";
import { member, type Value, valueAt } from "./value";

export type Format = "json" | "yaml";
/** `manifest`: a StateMachine of Kubernetes, whose `spec.definition` it is. */
export type Wrapper = "definition" | "manifest";

export class Document {
  readonly root: Node | null;
  readonly problems: readonly Problem[];
  readonly wrapper: Wrapper;
  /** Where in the text's value the definition is. */
  readonly definitionAt: Pointer;
  /** The whole, with aliases put in. */
  readonly value: Value;
  private known: Habits | null = null;

  /** `read`: what a worker has read already. */
  constructor(
    readonly text: string,
    readonly format: Format,
    read = parsed(text, format),
  ) {
    const { root, problems } = read;
    const found = expanded(root);
    this.root = root;
    this.value = found?.value ?? null;
    this.wrapper = isManifest(this.value) ? "manifest" : "definition";
    this.definitionAt = this.wrapper === "manifest" ? "/spec/definition" : "";
    this.problems = [
      ...problems,
      ...(found === null ? [ofTheWhole(text, "aliases make the document too large")] : []),
      ...this.asText(),
    ];
  }

  /** The state machine itself; null if there is none. */
  get definition(): Value {
    return this.at("") ?? null;
  }

  /** Whether it can be edited: no error in it. */
  get isReadable(): boolean {
    return this.problems.every(({ severity }) => severity !== "error");
  }

  get habits(): Habits {
    this.known ??= habitsOf(this.text, this.format, this.root);
    return this.known;
  }

  /** What stands at a pointer into the definition; undefined if there is nothing. */
  at(pointer: Pointer): Value | undefined {
    return valueAt(this.value, this.definitionAt + pointer) as Value | undefined;
  }

  /** Where in the text a part of the definition is, with its name; null if it is not there, or written elsewhere (an alias). */
  rangeOf(pointer: Pointer): { from: number; to: number } | null {
    const whole = this.definitionAt + pointer;
    try {
      const node = nodeAt(this.root, whole);
      if (node === null) return null;
      const holder = whole === "" ? null : nodeAt(this.root, parent(whole));
      const own = holder?.kind === "object" ? holder.members.find(({ value }) => value === node) : undefined;
      return { from: own?.from ?? node.from, to: Math.max(node.to, own?.to ?? 0) };
    } catch {
      return null;
    }
  }

  /** The innermost part of the definition that a place in the text is in; null outside of it. */
  pointerAt(offset: number): Pointer | null {
    const found = pointerAt(this.root, offset);
    if (found !== this.definitionAt && !found.startsWith(`${this.definitionAt}/`)) return null;
    return found.slice(this.definitionAt.length);
  }

  /** Raises Refused unless it can be edited. */
  refuseUnreadable(): void {
    const found = this.problems.find(({ severity }) => severity === "error");
    if (found) throw new Refused(`Line ${found.line}: ${found.message}. Fix that first.`);
  }

  private asText(): Problem[] {
    if (this.wrapper !== "manifest" || typeof this.definition !== "string") return [];
    const range = this.rangeOf("") ?? { from: 0, to: 0 };
    const message = "spec.definition is a text; as an object it can be edited here, which changes numbers such as 1.0";
    return [{ severity: "error", message, ...range, ...new Lines(this.text).at(range.from) }];
  }
}

/** `format`: else judged by the first character, as the server does. */
export function open(text: string, format?: Format): Document {
  return new Document(text, format ?? (/^\ufeff?\s*[{[]/.test(text) ? "json" : "yaml"));
}

function isManifest(value: Value): boolean {
  const version = member(value, "apiVersion");
  return (
    member(value, "kind") === "StateMachine" && typeof version === "string" && version.startsWith("stepwright.dev/")
  );
}
