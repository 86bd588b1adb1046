/** What the address of the list of executions says. */

export interface ExecutionsSearch {
  machine?: string;
  status?: string;
}

const text = (value: unknown): value is string => typeof value === "string" && value !== "";

export const readExecutionsSearch = ({ machine, status }: Record<string, unknown>): ExecutionsSearch => ({
  ...(text(machine) ? { machine } : {}),
  ...(text(status) ? { status } : {}),
});
