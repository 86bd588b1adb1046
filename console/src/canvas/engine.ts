/** ELK in a worker of its own, started with the page: its first layout takes longest. */
import type { ELK, ElkNode } from "elkjs/lib/elk-api";
import ElkApi from "elkjs/lib/elk-api.js";
// As it comes, already small: bundled again it would end in an `export`, which a classic worker cannot read.
import workerUrl from "elkjs/lib/elk-worker.min.js?url";

let elk: ELK | undefined;

function started(): ELK {
  elk ??= new ElkApi({ workerFactory: () => new Worker(workerUrl) });
  return elk;
}

export const warm = (): void => void started();
export const engine = (scope: ElkNode): Promise<ElkNode> => started().layout(scope);
