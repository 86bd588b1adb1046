/** A role as a person names it: where roles are accounts of a cluster, by the account's name. */
import type { Place } from "../../api/arns";

/** The role that means no account: the operator's own is used. */
const NOBODY = "stepwright";

const prefix = ({ partition, account }: Place): string => `arn:${partition}:iam::${account}:role/`;

/** "": none. An ARN that names no account by itself stays one. */
export function accountShown(roleArn: string, place: Place): string {
  if (!roleArn.startsWith(prefix(place))) return roleArn;
  const name = roleArn.slice(prefix(place).length);
  return name === NOBODY ? "" : name;
}

/** Of what a person has written. */
export function roleOf(text: string, place: Place): string {
  const name = text.trim();
  return name.startsWith("arn:") ? name : prefix(place) + (name || NOBODY);
}

/** As the server finds it by the last part of the ARN; null: none. */
export function accountOf(roleArn: string): string | null {
  const name = roleArn.slice(roleArn.lastIndexOf("/") + 1);
  return name === NOBODY ? null : name.toLowerCase();
}

/** AWS's API wants one to be named. */
export const usualGroup = ({ partition, region, account }: Place, name: string): string =>
  `arn:${partition}:logs:${region}:${account}:log-group:/aws/vendedlogs/states/${name || NOBODY}:*`;

export const usualRole = (place: Place): string => prefix(place) + NOBODY;
