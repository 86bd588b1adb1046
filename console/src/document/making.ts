/**
 * Edits made on the text: the smallest splices, and then the proof. The text that they make is read again and must have the
 * value that was asked for; if it has not, the nodes around are written anew, and the person hears of it.
 */
import { byHolder } from "./changes";
import { lostBetween } from "./comments";
import { type Content, equal, Piece, Refused, writtenOf } from "./content";
import { Document } from "./document";
import { changed, type Edit, holders } from "./edit";
import { indentAt } from "./lines";
import { last, type Pointer, parent } from "./pointer";
import { refuseShared } from "./sharing";
import { applied, inOrder, type Splice } from "./splice";
import { BlockSplicer } from "./splice_block";
import { FlowSplicer } from "./splice_flow";
import { holderOf, type Node, nodeAt, type Written, writtenValue } from "./tree";
import { valueAt } from "./value";
import { blockText } from "./write_document";

/** `rewritten`: places that were written anew, for which comments may be lost; none if all was done by splices. */
export interface Made {
  document: Document;
  splices: Splice[];
  rewritten: Pointer[];
  lostComments: string[];
}

/** Pointers are of the whole text's value. Raises Refused. */
export function made(document: Document, edits: readonly Edit[]): Made {
  document.refuseUnreadable();
  const { root } = document;
  if (root === null) return begun(document, edits);
  refuseShared(document, root, edits);
  const before = writtenValue(root);
  const wanted = changed(before, edits);
  const attempt = (tried: readonly Edit[], rewritten: Pointer[]): Made | null => {
    const parts = spliced(document, root, tried);
    const splices = parts && inOrder(parts);
    const found = splices && proved(document, splices, wanted);
    if (!splices || !found) return null;
    return {
      document: found,
      splices,
      rewritten,
      lostComments: rewritten.length > 0 ? lostBetween(document, found) : [],
    };
  };
  const done = attempt(edits, []) ?? (edits.some(bringsPieces) ? attempt(edits.map(anew), []) : null);
  if (done) return done;
  for (let around = holders(edits); ; around = [...new Set(around.map(parent))]) {
    const outermost = around.filter((each) => !around.some((other) => each !== other && each.startsWith(`${other}/`)));
    const rewriting = outermost.map((at): Edit => ({ do: "set", at, value: valueAt(wanted, at) as Content }));
    const rewritten = attempt(rewriting, outermost);
    if (rewritten) return rewritten;
    if (around.every((each) => each === ""))
      throw new Refused("This cannot be written into the text automatically: change it in the text.");
  }
}

/** Of a text in which nothing stands but comments: they stay above what comes in. */
function begun(document: Document, edits: readonly Edit[]): Made {
  const { text, format, habits } = document;
  const wanted = changed(new Map(), edits);
  const inserts = edits.filter((edit) => edit.do === "insert");
  const content = new Map(inserts.map(({ at, value }): [string, Content] => [last(at), value]));
  const above = text === "" || text.endsWith("\n") ? "" : habits.newline;
  const splices = [{ from: text.length, to: text.length, insert: above + blockText(content, format, habits) }];
  const found = proved(document, splices, wanted);
  if (!found) throw new Refused("The text is empty.");
  return { document: found, splices, rewritten: [], lostComments: [] };
}

/** The node as it would be written elsewhere; with what belongs to its name. */
export function pieceAt(document: Document, pointer: Pointer): Piece {
  const { root, text, format } = document;
  const node = root && nodeAt(root, pointer);
  if (!root || !node) throw new Refused(`There is nothing at ${pointer}.`, pointer);
  const value = writtenValue(node);
  const at = pointer === "" ? null : holderOf(root, pointer);
  if (format === "yaml" && at && !at.holder.flow) {
    const piece = new BlockSplicer(text, root, document.habits).piece(at.holder, at.index, value);
    if (piece) return piece;
  }
  if (format === "yaml") {
    const isBlock = (node.kind === "object" || node.kind === "array") && !node.flow;
    return new Piece(value, "yaml", isBlock, text.slice(node.from, node.to).split(/\r?\n/));
  }
  const indent = indentAt(text, node.from);
  const [first = "", ...rest] = text.slice(node.from, node.to).split(/\r?\n/);
  const lines = [
    first,
    ...rest.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart())),
  ];
  return new Piece(value, "json", false, lines);
}

function spliced(document: Document, root: Node, edits: readonly Edit[]): Splice[] | null {
  const { text, format, habits } = document;
  const [first] = edits;
  if (first?.do === "set" && first.at === "") {
    return [{ from: 0, to: text.length, insert: blockText(writtenOf(first.value), format, habits) }];
  }
  const changes = byHolder(root, edits);
  if (changes === null) return null;
  const inBrackets = new FlowSplicer(text, format === "json", habits);
  const byIndentation = new BlockSplicer(text, root, habits);
  const splices: Splice[] = [];
  for (const [pointer, each] of changes) {
    const found = unfolds(root, pointer, each.holder, document)
      ? unfolded(root, pointer, edits, byIndentation)
      : each.holder.flow
        ? inBrackets.of(each)
        : byIndentation.of(each);
    if (found === null) return null;
    splices.push(...found);
  }
  return splices;
}

/** Whether it is an empty pair of brackets in YAML, to be written by indentation as what is around it. */
function unfolds(root: Node, pointer: Pointer, holder: Node, { format }: Document): boolean {
  if (format === "json" || pointer === "" || (holder.kind !== "object" && holder.kind !== "array")) return false;
  const isEmpty = (holder.kind === "object" ? holder.members : holder.items).length === 0;
  return isEmpty && holderOf(root, pointer)?.holder.flow === false;
}

function unfolded(root: Node, pointer: Pointer, edits: readonly Edit[], splicer: BlockSplicer): Splice[] | null {
  const at = holderOf(root, pointer);
  const node = nodeAt(root, pointer);
  if (!at || !node) return null;
  const own = edits.filter((edit) => edit.do === "insert" && parent(edit.at) === pointer);
  const content: Content =
    node.kind === "array"
      ? own.map((edit) => (edit as Edit & { do: "insert" }).value)
      : new Map(own.map((edit) => [last(edit.at), (edit as Edit & { do: "insert" }).value]));
  return splicer.replaced(at.holder, at.index, content);
}

/** The document with the splices, if it has that value. */
function proved(document: Document, splices: readonly Splice[], wanted: Written): Document | null {
  const found = new Document(applied(document.text, splices), document.format);
  return found.root !== null && found.isReadable && equal(writtenValue(found.root), wanted) ? found : null;
}

function bringsPieces(edit: Edit): boolean {
  return (edit.do === "set" || edit.do === "insert") && typeof edit.value === "object" && edit.value !== null;
}

/** The same, with nothing taken over as it is written elsewhere. */
function anew(edit: Edit): Edit {
  return edit.do === "set" || edit.do === "insert" ? { ...edit, value: writtenOf(edit.value) as Content } : edit;
}
