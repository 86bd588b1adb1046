/** What the address of the dashboard says. */
import { SPANS, type Span } from "../../charts/figures";

/** `machine`: the name of the state machine that is looked at alone. */
export interface DashboardSearch {
  machine?: string;
  span?: Span;
}

export function readDashboardSearch({ machine, span }: Record<string, unknown>): DashboardSearch {
  const found = SPANS.find((each) => each === span);
  return {
    ...(typeof machine === "string" && machine ? { machine } : {}),
    ...(found ? { span: found } : {}),
  };
}
