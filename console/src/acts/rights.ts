import { useQuery } from "@tanstack/react-query";
import { machineFacts } from "../api/studio";
import { useHere } from "../shell/here";

export interface Allowed {
  disabled?: boolean;
  disabledReason?: string;
}

/**
 * For a button: whether the person may, and why not. `machine`: the ARN of the one that it is about, as rights may be given for one
 * alone. The server decides again.
 */
export function useRight(operation: string, machine?: string): Allowed {
  const { tenant } = useHere();
  const right = tenant?.rights[operation];
  const isRefused = right?.allowed === false;
  const { data } = useQuery({ ...machineFacts(machine ?? ""), enabled: isRefused && machine !== undefined });
  if (!isRefused || data?.may?.includes(operation)) return {};
  return { disabled: true, ...(right?.reason ? { disabledReason: right.reason } : {}) };
}
