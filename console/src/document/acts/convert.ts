/** The whole text in the other format. */
import { type Comment, commentsOf } from "../comments";
import { Refused } from "../content";
import { Document } from "../document";
import { blockText } from "../write_document";
import type { Act } from "./act";

/** What JSON has no place for; to be shown before the person says yes. */
export function lostByConversion(document: Document): Comment[] {
  return document.format === "yaml" ? commentsOf(document) : [];
}

/** Order and numbers stay as they are; aliases are put in. Raises Refused if the text cannot be read. */
export function convert(document: Document): Act {
  document.refuseUnreadable();
  const format = document.format === "json" ? "yaml" : "json";
  const lost = lostByConversion(document);
  const insert = blockText(document.value, format);
  const converted = new Document(insert, format);
  if (!converted.isReadable)
    throw new Refused(`Line ${converted.problems[0]?.line}: ${converted.problems[0]?.message}`);
  return {
    name: `Convert to ${format.toUpperCase()}`,
    document: converted,
    splices: [{ from: 0, to: document.text.length, insert }],
    rewritten: [""],
    lostComments: lost.map(({ text }) => text),
    selection: null,
    notes: lost.length > 0 ? [`JSON has no comments: ${lost.length} of them are lost.`] : [],
  };
}
