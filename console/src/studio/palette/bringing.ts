/** What comes in from the palette: of a resource the server says with which fields one begins. */

import type { Offer } from "../../api/generated/console";
import { queries } from "../../api/queries";
import { resourceForm } from "../../api/resources";
import type { Act, Document } from "../../document";
import type { Content } from "../../document/content";
import { entries } from "../../document/value";
import type { Session } from "../../editing/session";
import type { Begun, New } from "../picture/drops";

/** Performs an act with it. Why it was not done is said in the session. */
export async function bring(
  session: Session,
  item: New,
  make: (document: Document, begun: Begun | null) => Act,
): Promise<boolean> {
  try {
    const begun = item.kind === "resource" ? await begunWith(item.offer, session.snapshot().language) : null;
    return session.apply((document) => make(document, begun));
  } catch (error) {
    session.say({ kind: "refused", text: error instanceof Error ? error.message : String(error) });
    return false;
  }
}

async function begunWith(offer: Offer, language: "JSONPath" | "JSONata"): Promise<Begun> {
  const pattern = offer.patterns.includes("") ? "" : (offer.patterns[0] ?? "");
  const form = await queries.ensureQueryData(resourceForm(offer.resource + pattern));
  const state = language === "JSONata" ? form.jsonata : form.jsonPath;
  // Where it leads follows from where it comes to stand.
  const fields = entries(state).filter(([name]) => name !== "Next" && name !== "End");
  return { name: nameOf(offer.title), fields: Object.fromEntries(fields) as Record<string, Content> };
}

const LONGEST = 40;

/** The title, as far as it is a name. */
function nameOf(title: string): string {
  const short = title.split(/[:(]/)[0]?.trim() || title;
  return Array.from(short).slice(0, LONGEST).join("").trim();
}
