/** Data of a state as it was once: recorded in the newest execution, or given in the test drawer. For completion and previews. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { get, part } from "../api/client";
import type { ExecutionPage, Text, VisitData, VisitPage } from "../api/generated/console";
import { visitOf } from "../api/visits";
import type { Pointer } from "../document";
import { inputs } from "../editing/inputs";

/** Each as JSON; what is not known is missing. */
export interface Sample {
  input?: string;
  result?: string;
  variables?: string;
}

/** Null: nothing is known of it. */
export function useSample(machine: string | null, state: Pointer): Sample | null {
  const given = useSyncExternalStore(inputs.subscribe, () => inputs.last(machine, state));
  const { data } = useQuery(recorded(machine, state));
  if (given !== null) return { ...data, input: given };
  return data ?? null;
}

const recorded = (machine: string | null, state: Pointer) =>
  queryOptions({
    queryKey: ["recorded", machine, state],
    queryFn: async ({ signal }) => (await newest(machine ?? "", state, signal)) ?? null,
    enabled: machine !== null && state !== "",
    staleTime: 30_000,
    retry: false,
  });

async function newest(machine: string, pointer: Pointer, signal: AbortSignal): Promise<Sample | null> {
  const { rows } = await get<ExecutionPage>("executions", { machine, limit: 1 }, signal);
  const arn = rows[0]?.arn;
  if (arn === undefined) return null;
  const at = `executions/${part(arn)}/visits`;
  const page = await get<VisitPage>(at, { pointer, limit: 1 }, signal);
  const visit = page.rows[0] && visitOf(page.rows[0]);
  if (!visit) return null;
  const data = await get<VisitData>(`${at}/${visit.id}/data`, {}, signal);
  return sampleOf(data);
}

export function sampleOf({ input, attempts, variables }: VisitData): Sample {
  const result = attempts.at(-1)?.result;
  const names = Object.entries(variables).filter(([, text]) => !text.cut);
  const object = `{${names.map(([name, { text }]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
  return { ...whole("input", input), ...whole("result", result), ...(names.length > 0 ? { variables: object } : {}) };
}

function whole(name: "input" | "result", text: Text | undefined): Sample {
  return text === undefined || text.cut ? {} : { [name]: text.text };
}

/** The value of a text that was JSON when it was recorded. */
export function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
