/** What the address of the list of executions says. */

/** `from`, `to`: when they were started, in milliseconds since 1970. */
export interface ExecutionsSearch {
  machine?: string;
  status?: string;
  error?: string;
  from?: number;
  to?: number;
}

const text = (value: unknown): value is string => typeof value === "string" && value !== "";
const moment = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export const readExecutionsSearch = ({
  machine,
  status,
  error,
  from,
  to,
}: Record<string, unknown>): ExecutionsSearch => ({
  ...(text(machine) ? { machine } : {}),
  ...(text(status) ? { status } : {}),
  ...(typeof error === "string" ? { error } : {}),
  ...(moment(from) ? { from } : {}),
  ...(moment(to) ? { to } : {}),
});
