/** Which executions the person has looked at, newest last, in this browser. */
import { own } from "../api/session";
import { keep, kept } from "../kept";

const KEY = "stepwright.looked";
const MOST = 500;

export function lookedAt(): Set<string> {
  try {
    const known: unknown = JSON.parse(kept(own(KEY)) ?? "[]");
    return new Set(Array.isArray(known) ? known.filter((each) => typeof each === "string") : []);
  } catch {
    return new Set();
  }
}

/** `seen`: its ARN, and how often it was redriven: one that fails again was not looked at. */
export function look(seen: string): void {
  const known = lookedAt();
  known.delete(seen);
  known.add(seen);
  keep(own(KEY), JSON.stringify([...known].slice(-MOST)));
}

export const seenAs = ({ arn, redrives = 0 }: { arn: string; redrives?: number }): string =>
  redrives ? `${arn} ${redrives}` : arn;
