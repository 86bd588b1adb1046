/** What all browser tests need: a server, a browser, and tabs that are closed and found clean after each test. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launch, open, type Tab } from "./browser";
import { Server } from "./server";

interface World {
  server: Server;
  /** A new tab at this address below `/console`. */
  visit: (path: string, options?: BrowserContextOptions) => Promise<Page>;
}

/** Once for each file of tests. */
export function world(): World {
  let server: Server;
  let browser: Browser;
  const tabs: Tab[] = [];
  beforeAll(async () => {
    [server, browser] = await Promise.all([Server.start(), launch()]);
  });
  afterEach(async () => {
    const troubles = tabs.flatMap((tab) => tab.troubles);
    await Promise.all(tabs.splice(0).map((tab) => tab.close()));
    expect(troubles).toEqual([]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), server?.stop()]);
  });
  return {
    get server() {
      return server;
    },
    visit: async (path, options) => {
      const tab = await open(browser, options);
      tabs.push(tab);
      await tab.page.goto(`${server.address}/console/${path}`);
      return tab.page;
    },
  };
}
