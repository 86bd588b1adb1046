/** Reading a text: at once, or in a worker if that takes long. */
import { Document, type Format } from "../document";
import { type Parsed, revived } from "../document/parsed";

/** Letters. About a hundred states; reading them in YAML takes some twenty milliseconds. */
const LARGE = 30_000;

export const isLarge = (text: string): boolean => text.length > LARGE;

export const read = (text: string, format: Format): Document => new Document(text, format);

let worker: Worker | undefined;
let asked = 0;

/** What was asked for last is answered last: a worker takes turns. */
export function readInWorker(text: string, format: Format): Promise<Document> {
  worker ??= new Worker(new URL("./reading.worker.ts", import.meta.url), { type: "module" });
  const id = ++asked;
  const at = worker;
  return new Promise((found) => {
    const hear = ({ data }: MessageEvent<{ id: number; parsed: Parsed }>) => {
      if (data.id !== id) return;
      at.removeEventListener("message", hear);
      found(new Document(text, format, revived(data.parsed)));
    };
    at.addEventListener("message", hear);
    at.postMessage({ id, text, format });
  });
}
