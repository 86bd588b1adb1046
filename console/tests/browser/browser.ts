/** Chromium, and pages that must break nothing: an error on the console or a breach of the CSP fails the test. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const WAIT_MILLIS = 60_000;
/** Chromium tells of each, though a page may well ask for what is not there. */
const REFUSAL = /^Failed to load resource: the server responded with a status of 4\d\d/;
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: QUIET });

export interface Tab {
  page: Page;
  /** Everything that a user's page must not do. */
  troubles: string[];
  close: () => Promise<void>;
}

export async function open(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(WAIT_MILLIS);
  const troubles: string[] = [];
  // Of all that is opened from the page, too.
  context.on("console", (message) => {
    const isTrouble = message.type() === "error" || message.type() === "warning";
    if (isTrouble && !REFUSAL.test(message.text())) troubles.push(`${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => troubles.push(String(error.error())));
  const page = await context.newPage();
  return { page, troubles, close: () => context.close() };
}

/** Findings of axe on what is shown, each in a line, once nothing fades or moves any more: half-way colours are nobody's choice.
 * Playwright's own scripts are not bound by the page's CSP. */
export async function barriers(page: Page): Promise<string[]> {
  const script = `(async () => {
    ${AXE};
    await new Promise(requestAnimationFrame);
    const passing = document.getAnimations().filter((each) => each.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.race([Promise.allSettled(passing.map((each) => each.finished)), new Promise((late) => setTimeout(late, 5000))]);
    const found = await axe.run({ runOnly: ${JSON.stringify(RULES)} });
    return found.violations.map((v) => v.id + " (" + v.impact + "): " + v.help + ": " + v.nodes.map((n) => n.target + " " + n.html.slice(0, 160)).join(" | "));
  })()`;
  return (await page.evaluate(script)) as string[];
}
