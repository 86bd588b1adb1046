/** Each state of real definitions: renamed, moved, removed, each taken back. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { graphOf } from "../../graph/of_definition";
import { Refused } from "../content";
import { type Document, open } from "../document";
import { last, type Pointer } from "../pointer";
import { applied, inverted } from "../splice";
import { blockText } from "../write_document";
import type { Act } from "./act";
import { moveState } from "./move_state";
import { insertState } from "./paste";
import { removeState } from "./remove_state";
import { renameState } from "./rename_state";
import { reorderState } from "./reorder_state";
import { wrapInParallel } from "./wrap";

const ROOT = new URL("../../../../", import.meta.url).pathname;
const SHARED = process.env.STEPWRIGHT_CONFORMANCE ?? `${ROOT}../shared/conformance`;
const PUBLISHED = `${SHARED}/definitions/definitions.json`;

/** Those that are in the repository: as they are written, and what else pictures are tried with. */
function own(): [string, string][] {
  const examples = readdirSync(`${ROOT}examples`, { recursive: true, encoding: "utf8" })
    .filter((name) => /(statemachine|\.asl|ship|jobs)\.yaml$/.test(name) && !name.includes("test"))
    .map((name): [string, string] => [name, readFileSync(`${ROOT}examples/${name}`, "utf8")]);
  return examples.filter(([, text]) => text.includes("StartAt") && !/^---$/m.test(text));
}

/** As AWS's samples have them, and the same in YAML. */
function published(): [string, string][] {
  if (!existsSync(PUBLISHED)) return [];
  const records = JSON.parse(readFileSync(PUBLISHED, "utf8")) as { id: string; definition: unknown }[];
  return records.flatMap(({ id, definition }): [string, string][] => [
    [id, JSON.stringify(definition, null, 2)],
    [`${id} (YAML)`, blockText(open(JSON.stringify(definition)).value, "yaml")],
  ]);
}

const tally = { acts: 0, refused: 0, rewritten: 0 };

/** The act, proved to be taken back to the letter; null where it is refused. */
function tried(document: Document, make: () => Act): Act | null {
  tally.acts += 1;
  try {
    const done = make();
    tally.rewritten += done.rewritten.length > 0 ? 1 : 0;
    expect(applied(document.text, done.splices)).toBe(done.document.text);
    expect(applied(done.document.text, inverted(document.text, done.splices))).toBe(document.text);
    return done;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tally.refused += 1;
    return null;
  }
}

const states = (document: Document) => graphOf(document.definition).nodes.filter(({ kind }) => kind === "state");
const ghosts = (document: Document) => graphOf(document.definition).nodes.filter(({ kind }) => kind === "ghost");
const comments = (text: string) => (text.match(/^\s*#.*$/gm) ?? []).length;

function eachAct(document: Document, id: Pointer): void {
  const { edges } = graphOf(document.definition);
  const renamed = tried(document, () => renameState(document, id, "A new name"));
  expect(renamed && states(renamed.document).length).toBe(states(document).length);
  expect(renamed && ghosts(renamed.document).length).toBe(ghosts(document).length);
  expect(renamed && comments(renamed.document.text)).toBe(comments(document.text));

  const removed = tried(document, () => removeState(document, id));
  const inside = states(document).filter((node) => node.id === id || node.id.startsWith(`${id}/`)).length;
  expect(removed && states(removed.document).length).toBe(states(document).length - inside);

  const reordered = tried(document, () => reorderState(document, id, null));
  expect(reordered && comments(reordered.document.text)).toBe(comments(document.text));

  const edge = edges.find((each) => each.source !== id && !each.id.startsWith(`${id}/`) && each.kind === "next");
  if (edge) {
    const moved = tried(document, () => moveState(document, id, edge.id));
    if (moved) expect(states(moved.document).length).toBe(states(document).length);
    if (moved) expect(comments(moved.document.text)).toBe(comments(document.text));
  }
  const added = tried(document, () => insertState(document, { after: id }, last(id), { Type: "Wait", Seconds: 5 }));
  if (added) expect(states(added.document).length).toBe(states(document).length + 1);
  const wrapped = tried(document, () => wrapInParallel(document, id));
  if (wrapped) expect(states(wrapped.document).length).toBe(states(document).length + 1);
}

describe.each([
  ["of the repository", own()],
  ["published", published()],
])("%s", (name, texts) => {
  test.skipIf(texts.length === 0)(
    "each state is renamed, removed, moved, wrapped and followed, and all is taken back",
    { timeout: 600_000 },
    () => {
      Object.assign(tally, { acts: 0, refused: 0, rewritten: 0 });
      for (const [, text] of texts) {
        const document = open(text);
        expect(document.isReadable).toBe(true);
        for (const { id, type } of states(document)) if (type !== "") eachAct(document, id);
      }
      process.stdout.write(`${name}: ${texts.length} texts, ${JSON.stringify(tally)}\n`);
      expect(tally.rewritten / tally.acts).toBeLessThanOrEqual(0.01);
    },
  );
});
