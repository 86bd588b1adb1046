/** The addresses of pages. Names of state machines and executions may hold anything, so each part is encoded. */

export const BASE = "/console";

const path = (...parts: string[]) => [BASE, ...parts.map(encodeURIComponent)].join("/");

export const machinesPath = (namespace: string) => path(namespace, "machines");
export const machinePath = (namespace: string, machine: string) => path(namespace, "machines", machine);
export const executionsPath = (namespace: string) => path(namespace, "executions");
export const executionPath = (namespace: string, machine: string, name: string) =>
  path(namespace, "executions", machine, name);
