/** What a person does, as one step: it has a name, is undone as one, and says what is selected then. */
import type { Document } from "../document";
import type { Edit } from "../edit";
import { type Made, made } from "../making";
import type { Pointer } from "../pointer";

/** `selection`: what is selected then, in the definition. `notes`: what the person should know, in whole sentences. */
export interface Act extends Made {
  name: string;
  selection: Pointer | null;
  notes: string[];
}

/** Pointers of `edits` are of the definition. Raises Refused. */
export function act(
  document: Document,
  name: string,
  edits: readonly Edit[],
  selection: Pointer | null,
  notes: readonly string[] = [],
): Act {
  const inText = edits.map((edit): Edit => ({ ...edit, at: document.definitionAt + edit.at }));
  const done = made(document, inText);
  return { name, selection, notes: [...notes, ...said(done)], ...done };
}

function said({ rewritten, lostComments }: Made): string[] {
  if (rewritten.length === 0) return [];
  const where = rewritten.map((pointer) => pointer || "the whole text").join(", ");
  const lost = lostComments.length > 0 ? ` These comments are lost: ${lostComments.join(" ")}` : "";
  return [`Written anew: ${where}.${lost}`];
}
