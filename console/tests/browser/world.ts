/** What all browser tests need: a server, and tabs. */
import { afterAll, beforeAll } from "vitest";
import { Server } from "./server";
import { tabs, type Visit } from "./tabs";

export const NAMESPACE = "123456789012";

/** Of an execution's page below `/console`. */
export const at = (machine: string, name: string, query = "") => `${NAMESPACE}/executions/${machine}/${name}${query}`;

interface World {
  server: Server;
  /** A new tab at this address below `/console`. */
  visit: Visit;
}

/** Once for each file of tests. `forgiving`: as `tabs` has it. `options`: of `stepwright dev`. */
export function world(forgiving?: RegExp, ...options: string[]): World {
  let server: Server;
  const { visit } = tabs(forgiving);
  beforeAll(async () => {
    server = await Server.start(...options);
  });
  afterAll(() => server?.stop());
  return {
    get server() {
      return server;
    },
    visit: (path, options) => visit(`${server.address}/console/${path}`, options),
  };
}
