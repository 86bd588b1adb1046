/** Where a text is kept: a state machine of the server, or a file of a checkout. What one has changed meanwhile is never written over. */
import { nameOf } from "../../api/arns";
import { ApiFailure } from "../../api/client";
import { changeTags, createMachine, describe, readFile, tagsOf, updateMachine, writeFile } from "../../api/studio";
import { convert, type Document, type Format, open } from "../../document";
import { blockText } from "../../document/write_document";
import { type Config, changedSettings, configOf, mergedConfig, sent, tagChanges } from "../../editing/config";

/** `tag`: of files, another one for another text; null if it is stored no more, or not yet. `config`: what belongs to a state machine. */
export interface Stored {
  text: string;
  tag: string | null;
  config?: Config;
}

export interface Home {
  /** Of the text's drafts in this browser. */
  key: string;
  format: Format;
  /** As it is kept this moment; null: it is there no more. Raises ApiFailure. */
  read: () => Promise<Stored | null>;
  /** Replaces what was read as `base`. Raises Conflict, ApiFailure. */
  write: (text: string, base: Stored, config: Config | null) => Promise<Stored>;
}

/** Somebody else has changed it: nothing was written. `theirs`: what is kept now; null: it was deleted. */
export class Conflict extends Error {
  constructor(readonly theirs: Stored | null) {
    super("It was changed elsewhere");
    this.name = "Conflict";
  }
}

/**
 * By AWS's operations, which take JSON. They know no condition, so it is read again right before it is written. One that was deleted
 * is created anew, once its editor knows. Tags are written last: if that is refused, saving once more writes them alone.
 */
export function machineHome(arn: string): Home {
  const read = () =>
    unlessGone(async (): Promise<Stored> => {
      const [described, tags] = await Promise.all([describe(arn), tagsOf(arn)]);
      return { text: described.definition, tag: arn, config: configOf(described, tags) };
    });
  return {
    key: arn,
    format: "json",
    read,
    write: async (text, base, wanted) => {
      const now = await read();
      const config = wanted ?? now?.config ?? base.config;
      if (config === undefined) throw new Conflict(null);
      if (now === null) {
        if (base.tag !== null) throw new Conflict(null);
        await createMachine({ ...sent(config), name: nameOf(arn), definition: text });
      } else {
        if (hasChanged(base, now, text, config)) throw new Conflict(now);
        await update(arn, now, text, config);
      }
      return { text, tag: arn, config };
    },
  };
}

/** Whether others have made something else of it than what is to be written. */
function hasChanged(base: Stored, now: Stored, text: string, config: Config): boolean {
  if (now.text !== base.text && now.text !== text) return true;
  if (!base.config || !now.config) return false;
  const { taken, clashes } = mergedConfig({ base: base.config, yours: config, theirs: now.config });
  return taken.length > 0 || clashes.length > 0;
}

/** Only what is another now is sent. */
async function update(arn: string, now: Stored, text: string, config: Config): Promise<void> {
  const wanted = sent(config);
  const changed = now.config ? changedSettings(now.config, config) : [];
  const given = {
    ...(text === now.text ? {} : { definition: text }),
    ...Object.fromEntries(changed.filter((each) => each !== "tags").map((each) => [each, wanted[each]])),
  };
  if (Object.keys(given).length > 0) await updateMachine(arn, given);
  if (!now.config || !changed.includes("tags")) return;
  const { put, gone } = tagChanges(now.config.tags, wanted.tags);
  await changeTags(arn, put, gone);
}

export function fileHome(path: string): Home {
  const read = () => unlessGone(() => readFile(path));
  return {
    key: `file:${path}`,
    format: path.endsWith(".json") ? "json" : "yaml",
    read,
    write: async (text, { tag }) => {
      try {
        return await writeFile(path, text, tag);
      } catch (error) {
        if (error instanceof ApiFailure && error.status === 412) throw new Conflict(await read());
        throw error;
      }
    },
  };
}

/** As AWS's operations say it: those of state machines, and those of tags. */
const GONE: ReadonlySet<string> = new Set(["StateMachineDoesNotExist", "ResourceNotFound"]);

/** What is read; null if it is there no more. Raises ApiFailure. */
async function unlessGone(read: () => Promise<Stored>): Promise<Stored | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ApiFailure && (error.status === 404 || GONE.has(error.code))) return null;
    throw error;
  }
}

/** The document in the format that is kept; as it is if that is its own. Raises Refused. */
export function written(document: Document, text: string, format: Format): string {
  return document.format === format ? text : convert(document).document.text;
}

/** A definition that a program has written in one line is laid out to be read; it means the same. */
export function readable(text: string): string {
  if (text.trim().includes("\n") || !/^\s*\{/.test(text)) return text;
  const document = open(text, "json");
  return document.isReadable ? blockText(document.value, "json") : text;
}
