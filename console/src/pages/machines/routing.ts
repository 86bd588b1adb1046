/** Where an alias leads: to one version, or to two that share its executions. */
import { numberOf } from "../../api/arns";
import type { Route } from "../../api/versions";

/** Numbers of versions. `share`: how many of 100 executions the second gets, as it was typed. */
export interface Routing {
  first: number | null;
  second: number | null;
  share: string;
}

const ALL = 100;
const USUAL_SHARE = "10";

/** As an alias has it; without one, what is offered: all to the newest version. */
export function routingOf(routes: readonly Route[], newest: number | null): Routing {
  const [first, second] = routes;
  if (!first) return { first: newest, second: null, share: USUAL_SHARE };
  return {
    first: numberOf(first.stateMachineVersionArn),
    second: second ? numberOf(second.stateMachineVersionArn) : null,
    share: second ? `${second.weight}` : USUAL_SHARE,
  };
}

/** What is wrong with it, if anything is. */
export type Wrong = "none" | "same" | "share";

export function wrongIn({ first, second, share }: Routing): Wrong | null {
  if (first === null) return "none";
  if (second === null) return null;
  if (second === first) return "same";
  return /^\d{1,3}$/.test(share.trim()) && Number(share) <= ALL ? null : "share";
}

/** `machine`: the ARN. */
export function routesOf(machine: string, { first, second, share }: Routing): Route[] {
  const weight = second === null ? 0 : Number(share);
  const route = (number: number | null, of: number) => ({ stateMachineVersionArn: `${machine}:${number}`, weight: of });
  return second === null ? [route(first, ALL)] : [route(first, ALL - weight), route(second, weight)];
}
