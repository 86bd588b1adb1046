/** What the address of a state machine's page says beside its name. */
import { HEATS, type Heat } from "../../execution/heat";

export const SHOWN = ["graph", "text"] as const;

/** `heat`: what colours the graph, of the executions that were started last. */
export interface MachineSearch {
  heat?: Heat;
  shown?: (typeof SHOWN)[number];
  status?: string;
}

export function readMachineSearch(given: Record<string, unknown>): MachineSearch {
  const shown = SHOWN.find((each) => each === given.shown);
  const heat = HEATS.find((each) => each === given.heat);
  return {
    ...(heat ? { heat } : {}),
    ...(shown ? { shown } : {}),
    ...(typeof given.status === "string" ? { status: given.status } : {}),
  };
}
