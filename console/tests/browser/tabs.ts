/** Tabs for a file of tests, which are closed and found clean after each of them. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launch, open, type Tab } from "./browser";

/** A new tab at this address. */
export type Visit = (url: string, options?: BrowserContextOptions) => Promise<Page>;

interface Tabs {
  visit: Visit;
  browser: () => Promise<Browser>;
}

/** `forgiving`: what pages may complain of, where a test takes away what they need. */
export function tabs(forgiving?: RegExp): Tabs {
  let browser: Promise<Browser>;
  const opened: Tab[] = [];
  beforeAll(() => {
    browser = launch(); // comes up beside whatever else a file of tests needs
  });
  afterEach(async () => {
    const troubles = opened.flatMap((tab) => tab.troubles);
    await Promise.all(opened.splice(0).map((tab) => tab.close()));
    expect(troubles.filter((trouble) => !forgiving?.test(trouble))).toEqual([]);
  });
  afterAll(async () => {
    await (await browser).close();
  });
  return {
    browser: () => browser,
    visit: async (url, options) => {
      const tab = await open(await browser, options);
      opened.push(tab);
      await tab.page.goto(url);
      return tab.page;
    },
  };
}
