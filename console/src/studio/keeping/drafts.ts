/** Texts that are not stored yet, kept in this browser: a reload, a crash or a login that has ended loses nothing. */
import { own } from "../../api/session";
import type { Format } from "../../document";
import type { Config } from "../../editing/config";
import type { Stored } from "./home";

/** `base`: what it was made from. `at`: when, in milliseconds since 1970. `config`: null where nothing belongs to the text. */
export interface Draft {
  text: string;
  format: Format;
  base: Stored;
  at: number;
  config?: Config | null;
}

const NAME = "stepwright";
const STORE = "drafts";

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((found, fails) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => found(asked.result);
    asked.onerror = () => fails(asked.error);
  });
  return opened;
}

async function within<Answer>(
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<Answer>,
): Promise<Answer> {
  const store = (await database()).transaction(STORE, mode).objectStore(STORE);
  return new Promise((found, fails) => {
    const asked = ask(store);
    asked.onsuccess = () => found(asked.result);
    asked.onerror = () => fails(asked.error);
  });
}

/** Null if there is none, or if the browser keeps nothing (a private window may not). */
export async function draftOf(key: string): Promise<Draft | null> {
  try {
    return (await within<Draft | undefined>("readonly", (store) => store.get(own(key)))) ?? null;
  } catch {
    return null;
  }
}

/** Whether it is kept. */
export async function keep(key: string, draft: Draft): Promise<boolean> {
  try {
    await within("readwrite", (store) => store.put(draft, own(key)));
    return true;
  } catch {
    return false;
  }
}

export async function forget(key: string): Promise<void> {
  try {
    await within("readwrite", (store) => store.delete(own(key)));
  } catch {
    // There was none.
  }
}
