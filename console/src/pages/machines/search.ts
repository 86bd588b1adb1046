/** What the address of a state machine's page says beside its name. */

export const SHOWN = ["graph", "text"] as const;

export interface MachineSearch {
  shown?: (typeof SHOWN)[number];
  status?: string;
}

export function readMachineSearch(given: Record<string, unknown>): MachineSearch {
  const shown = SHOWN.find((each) => each === given.shown);
  return {
    ...(shown ? { shown } : {}),
    ...(typeof given.status === "string" ? { status: given.status } : {}),
  };
}
