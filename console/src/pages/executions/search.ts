/** What the address of the list of executions says. */
import { SPANS, type Span } from "../../lists/spans";

/** `from`, `to`: when they were started, in milliseconds since 1970. `last`: in the time until now, whenever that is. `label`: all
 * of these, each `KEY=VALUE`. */
export interface ExecutionsSearch {
  machine?: string;
  status?: string;
  error?: string;
  from?: number;
  to?: number;
  last?: Span;
  label?: string[];
}

/** As many as the server takes. */
const MOST_LABELS = 8;

const text = (value: unknown): value is string => typeof value === "string" && value !== "";
const moment = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const span = (value: unknown): value is Span => SPANS.includes(value as Span);
const labels = (value: unknown): string[] =>
  [value]
    .flat()
    .filter((each): each is string => text(each) && each.includes("="))
    .slice(0, MOST_LABELS);

export const readExecutionsSearch = ({
  machine,
  status,
  error,
  from,
  to,
  last,
  label,
}: Record<string, unknown>): ExecutionsSearch => ({
  ...(text(machine) ? { machine } : {}),
  ...(text(status) ? { status } : {}),
  ...(typeof error === "string" ? { error } : {}),
  ...(moment(from) ? { from } : {}),
  ...(moment(to) ? { to } : {}),
  ...(span(last) ? { last } : {}),
  ...(labels(label).length > 0 ? { label: labels(label) } : {}),
});
