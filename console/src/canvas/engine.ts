/** ELK in a worker of its own, started with the page: its first layout takes longest. */
import type { ELK, ElkNode } from "elkjs/lib/elk-api";
import ElkApi from "elkjs/lib/elk-api.js";
// As it comes, already small: bundled again it would end in an `export`, which a classic worker cannot read.
import workerUrl from "elkjs/lib/elk-worker.min.js?url";

let elk: ELK | undefined;
/** Rejects when the worker fails, as it does where its script cannot be fetched: ELK itself hears nothing of that. */
let broken: Promise<never>;

function started(): ELK {
  elk ??= new ElkApi({ workerFactory: newWorker });
  return elk;
}

function newWorker(): Worker {
  const worker = new Worker(workerUrl);
  broken = new Promise((_, fail) => {
    worker.addEventListener("error", () => {
      elk = undefined; // the next one begins anew
      fail(new Error("the worker of the layout has failed"));
    });
  });
  broken.catch(() => undefined);
  return worker;
}

export const warm = (): void => void started();

/** By what was asked for: after an edit only its own scope and those around it are laid out anew. */
const known = new Map<string, Promise<ElkNode>>();
const MOST_KNOWN = 300;

export function engine(scope: ElkNode): Promise<ElkNode> {
  const asked = JSON.stringify(scope);
  const found = known.get(asked) ?? Promise.race([started().layout(scope), broken]);
  // The one that was wanted last goes last.
  known.delete(asked);
  known.set(asked, found);
  found.catch(() => known.delete(asked));
  for (const oldest of known.keys()) {
    if (known.size <= MOST_KNOWN) break;
    known.delete(oldest);
  }
  return found;
}
