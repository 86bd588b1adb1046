/** What the work of a state has written, attempt by attempt. */
import { queryOptions } from "@tanstack/react-query";
import { likeliest } from "../execution/log_sources";
import type { Visit } from "../execution/visits";
import { get, part, stream } from "./client";
import { VIEWED_MILLIS } from "./executions";
import { frames } from "./frames";
import type { LogEndFrame, LogFrame, LogRow, LogSources } from "./generated/console";

const route = (execution: string, visit: number) => `executions/${part(execution)}/visits/${visit}/logs`;

/** Where its lines are; asked for again when it is tried again, when it has ended, and until its work has begun to write. */
export const logSources = (execution: string, visit: Visit) =>
  queryOptions({
    queryKey: ["log-sources", execution, visit.id, visit.attempts, visit.outcome],
    queryFn: ({ signal }) => get<LogSources>(route(execution, visit.id), {}, signal),
    refetchInterval: ({ state }) => visit.outcome === null && !state.data?.sources.length && VIEWED_MILLIS,
  });

interface Wanted {
  source: string;
  /** How many lines, the newest. */
  tail: number;
  /** Whether to wait for those to come. */
  follow: boolean;
}

/** Until there is no more to tell; says why. Raises ApiFailure. */
export async function readLog(
  execution: string,
  visit: number,
  { source, tail, follow }: Wanted,
  tell: (rows: readonly LogRow[]) => void,
  signal: AbortSignal,
): Promise<LogEndFrame> {
  const asked = { tail, ...(follow ? { follow: 1 } : {}) };
  const body = await stream(`${route(execution, visit)}/${part(source)}`, asked, signal);
  const reader = body.getReader();
  const [text, read] = [new TextDecoder(), frames()];
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    for (const { name, data } of read(text.decode(piece.value, { stream: true }))) {
      if (name === "lines") tell((JSON.parse(data) as LogFrame).rows);
      if (name === "end") return JSON.parse(data) as LogEndFrame;
    }
  }
  return { reason: "lost", message: "" };
}

/** The last lines of the newest attempt, once: of the first of its logs that has any. */
export const lastLines = (execution: string, visit: Visit, most: number, isWanted: boolean) =>
  queryOptions({
    queryKey: ["last-lines", execution, visit.id, visit.attempts, visit.outcome],
    queryFn: async ({ client, signal }) => {
      const { sources } = await client.fetchQuery(logSources(execution, visit));
      for (const { id: source } of likeliest(sources, visit.error !== null)) {
        const rows: LogRow[] = [];
        const wanted = { source, tail: most, follow: false };
        await readLog(execution, visit.id, wanted, (more) => rows.push(...more), signal);
        if (rows.length) return rows.slice(-most);
      }
      return [];
    },
    enabled: isWanted,
    staleTime: Number.POSITIVE_INFINITY,
  });
