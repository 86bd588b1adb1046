/** The addresses of pages. Names of state machines and executions may hold anything, so each part is encoded. */
import { accountOf, executionOf, isExecution, mapRunOf, nameOf } from "./api/arns";
import type { Tenant } from "./api/generated/console";

export const BASE = "/console";

const path = (...parts: string[]) => [BASE, ...parts.map(encodeURIComponent)].join("/");

type Search = Record<string, string | number | undefined>;

const query = (search: Search): string => {
  const given = Object.entries(search).filter((each): each is [string, string | number] => each[1] !== undefined);
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(asSearch(value))}`).join("&");
  return text && `?${text}`;
};

/** A text that would be read as a number or a word of JSON is quoted, as the router does it. */
const asSearch = (value: string | number): string => {
  if (typeof value === "number") return `${value}`;
  try {
    JSON.parse(value);
    return JSON.stringify(value);
  } catch {
    return value;
  }
};

export const startPath = (namespace: string) => path(namespace, "start");
export const machinesPath = (namespace: string) => path(namespace, "machines");
export const machinePath = (namespace: string, machine: string) => path(namespace, "machines", machine);
/** `search`: what is shown of it. */
export const versionPath = (namespace: string, machine: string, version: number, search: Search = {}) =>
  path(namespace, "machines", machine, "versions", `${version}`) + query(search);
/** `at`: the place in the definition that is looked at first. */
export const editPath = (namespace: string, machine: string, at?: string) =>
  path(namespace, "machines", machine, "edit") + (at === undefined ? "" : `?at=${encodeURIComponent(at)}`);
export const newPath = (namespace: string, blueprint?: string) =>
  path(namespace, "new") + (blueprint === undefined ? "" : `?blueprint=${encodeURIComponent(blueprint)}`);
export const blueprintsPath = () => path("blueprints");
export const filesPath = (namespace: string) => path(namespace, "files");
export const filePath = (namespace: string, file: string) =>
  `${path(namespace, "files", "edit")}?path=${encodeURIComponent(file)}`;
/** `search`: which of them; what is undefined is left out. */
export const executionsPath = (namespace: string, search: Search = {}) => path(namespace, "executions") + query(search);
export const dashboardPath = (namespace: string, search: Search = {}) => path(namespace, "dashboard") + query(search);
export const activitiesPath = (namespace: string) => path(namespace, "activities");
/** Of a history out of a file. */
export const importedPath = (namespace: string) => path(namespace, "imported");
export const executionPath = (namespace: string, machine: string, name: string) =>
  path(namespace, "executions", machine, name);
/** `run`: label and id, as they stand behind the state machine's name in its ARN. */
export const mapRunPath = (namespace: string, machine: string, name: string, run: string) =>
  path(namespace, "executions", machine, name, "map-runs", run);

/**
 * Of what an ARN names: a state machine, a version of one, an execution; of a Map Run by the ARNs of its execution and its own.
 * Pages are called by a tenant's name, and in a cluster ARNs have twelve digits for it. Whoever may look at none that has these is
 * led to where that is said.
 */
export function pathOf(arn: string, tenants: readonly Pick<Tenant, "name" | "account">[], mapRun?: string): string {
  const account = accountOf(arn);
  const namespace = tenants.find((each) => each.account === account)?.name ?? account;
  if (isExecution(arn)) {
    const { machine, name } = executionOf(arn);
    if (mapRun === undefined) return executionPath(namespace, machine, name);
    return mapRunPath(namespace, machine, name, mapRunOf(mapRun).run);
  }
  const [named = "", qualifier = ""] = nameOf(arn).split(":");
  // A child execution's state machine has the label of the Map behind its name.
  const [machine = ""] = named.split("/");
  return /^\d+$/.test(qualifier) ? versionPath(namespace, machine, Number(qualifier)) : machinePath(namespace, machine);
}
