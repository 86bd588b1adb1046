import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { barriers } from "./browser";
import { Line } from "./line";
import { DISTRIBUTED, MANY, ORDER, PATIENT, STEADY } from "./machines";
import { at, NAMESPACE, world } from "./world";

/** What Chromium says of what a test has cut. */
const here = world(/net::ERR_|dynamically imported module/);

const made = new Map<string, Promise<string>>();
function machine(name: string, definition: object): Promise<string> {
  const found = made.get(name) ?? here.server.create(name, definition);
  made.set(name, found);
  return found;
}

test("a list shows what is started and what ends, without a reload", async () => {
  const patient = await machine("patient", PATIENT);
  const page = await here.visit(`${NAMESPACE}/executions`);
  await page.getByRole("heading", { name: "Executions" }).waitFor();

  const arn = await here.server.begin(patient, "listed");
  const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: "listed" }) });
  await row.getByText("Running").waitFor();
  await here.server.call("StopExecution", { executionArn: arn });

  await row.getByText("Stopped").waitFor();
  await page.getByRole("button", { name: "Stopped 1" }).waitFor();
});

test("a connection that is lost is said so calmly, and what was missed is there when it is back", async () => {
  const arn = await here.server.begin(await machine("patient", PATIENT), "missed");
  const line = await Line.to(here.server.address);
  const page = await here.visit("");
  await page.goto(`${line.address}/console/${at("patient", "missed")}`);
  await page.getByText("Live", { exact: true }).waitFor();

  line.cut();
  await page.getByText("Reconnecting").waitFor();
  await here.server.call("StopExecution", { executionArn: arn, error: "Tired", cause: "nobody came" });
  await line.mend();

  await page.getByLabel("Wait state Wait, stopped").waitFor();
  await page.getByRole("region", { name: "It was stopped" }).getByText("nobody came").waitFor();
  await page.getByText("Reconnecting").waitFor({ state: "detached" });
  line.cut();
});

test("a part of the console that cannot be fetched is said so, with a way to it and a way out", async () => {
  await machine("many", MANY);
  const page = await here.visit(`${NAMESPACE}/machines`);
  await page.route(/assets\/machine-[^/]*\.js/, (route) => route.abort());
  await page.getByRole("link", { name: "many" }).click();
  await page.getByText("Part of the console could not be loaded").waitFor();
  await page.getByRole("link", { name: "To the start page" }).waitFor();

  await page.unroute(/assets\/machine-[^/]*\.js/);
  await page.route(/elk-worker/, (route) => route.abort());
  await page.getByRole("button", { name: "Try again" }).click();

  await page.getByText("The graph could not be laid out").waitFor();
});

test("the timeline tells attempts from the waits between them, and a part of it can be looked at", async () => {
  const orders = await machine("orders", ORDER);
  await here.server.ended(await here.server.begin(orders, "timeline", { id: "x", total: 8400 }));
  const page = await here.visit(at("orders", "timeline", "?view=timeline"));

  await page.getByRole("button", { name: /AskSomebody failed, .*2 attempts/ }).waitFor();
  expect(await page.locator(".bar.fails").count()).toBe(2);
  expect(await page.locator(".bar.waits").count()).toBeGreaterThan(0);

  const lines = page.getByRole("region", { name: "Timeline" });
  await lines.focus();
  await page.keyboard.press("ArrowDown");
  await page
    .getByRole("complementary")
    .getByRole("heading", { name: /CheckOrder/ })
    .waitFor();
  await page.keyboard.press("+");
  await page.waitForURL(/zoom=/);
  await page.keyboard.press("0");
  await page.waitForURL((url) => !url.searchParams.has("zoom"));
});

/** Labels that the page has from now on, each once, in order: what lasts for moments only would be missed by a look. */
async function everSeen(page: Page, labels: RegExp): Promise<() => Promise<string[]>> {
  await page.evaluate((source) => {
    const seen = new Set<string>();
    Object.assign(window, { seen });
    const look = () => {
      for (const each of document.querySelectorAll("[aria-label]")) {
        const label = each.getAttribute("aria-label") ?? "";
        if (new RegExp(source).test(label)) seen.add(label);
      }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  }, labels.source);
  return () => page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen]);
}

test("any moment can be looked at again: graph, table and address follow", async () => {
  const arn = await here.server.begin(await machine("steady", STEADY), "past");
  await here.server.ended(arn);
  const { startDate } = await here.server.call<{ startDate: number }>("DescribeExecution", { executionArn: arn });
  const moment = Math.round(startDate * 1000) + 500;
  const page = await here.visit(at("steady", "past", `?at=${moment}`));
  await page.getByLabel("Wait state First, running").waitFor();
  await page.getByLabel("Wait state Second, not visited").waitFor();

  await page.getByRole("button", { name: "One step on" }).click();
  await page.getByLabel("Wait state Second, running").waitFor();
  await page.waitForURL((url) => Number(url.searchParams.get("at")) > moment);
  await page.getByRole("button", { name: "Table" }).click();
  await page.reload();
  await page.getByRole("row").filter({ hasText: "Second" }).getByText("Running").waitFor();

  await page.getByRole("button", { name: "To the end" }).click();
  await page.getByRole("row").filter({ hasText: "Second" }).getByText("Succeeded").waitFor();
  await page.waitForURL((url) => !url.searchParams.has("at"));
});

test("an execution is played again from its beginning to its end", async () => {
  const arn = await here.server.begin(await machine("steady", STEADY), "played");
  await here.server.ended(arn);
  const page = await here.visit(at("steady", "played"));
  await page.getByLabel("Wait state Second, succeeded").waitFor();

  const seen = await everSeen(page, /^Wait state /);

  await page.getByRole("button", { name: "Play" }).click();

  await expect.poll(seen, { timeout: 60_000 }).toContain("Wait state Second, running");
  await page.getByRole("button", { name: "Play" }).waitFor();
  await page.getByLabel("Wait state Second, succeeded").waitFor();
  const told = await seen();
  expect(told.indexOf("Wait state First, running")).toBeGreaterThanOrEqual(0);
  expect(told.indexOf("Wait state First, running")).toBeLessThan(told.indexOf("Wait state Second, running"));
});

test("of many iterations the first that failed is one click away, and is looked at alone", async () => {
  const items = Array.from({ length: 250 }, (_, index) => (index >= 230 ? { bad: true } : {}));
  await here.server.ended(await here.server.begin(await machine("many", MANY), "iterations", { items }));
  const page = await here.visit(at("many", "iterations", "?state=%2FStates%2FOrders"));

  await page.getByRole("button", { name: "First failed" }).click();

  await page.getByText("Only Orders[230] is shown").waitFor();
  await page.getByLabel("Fail state Refuse, failed").waitFor();
  await page.getByLabel("Pass state Ship, not visited").waitFor();
  await page
    .getByRole("complementary")
    .getByRole("heading", { name: /Refuse/ })
    .waitFor();
  await page.getByRole("button", { name: "The previous one" }).click();
  await page.getByText("Only Orders[229] is shown").waitFor();
  await page.getByLabel("Map state Orders, failed and caught").click();
  await page.getByRole("complementary").getByText("Caught").waitFor();
  await page.getByRole("button", { name: "Show all of them" }).click();
  await page.getByRole("button", { name: "Table" }).click();
  await page.getByRole("row").filter({ hasText: "Orders[3]/Ship" }).waitFor();
  expect(await page.getByRole("row").count()).toBeLessThan(100);
  await page.getByRole("button", { name: "Timeline" }).click();
  await page.getByRole("button", { name: /Orders 2[0-9]+ iterations/ }).waitFor();
});

test("a Map Run has a page: how far it is, its bounds, its child executions, and the way back", async () => {
  const distributed = await machine("distributed", DISTRIBUTED);
  const arn = await here.server.begin(distributed, "run", { items: [1, 2, 3, 4, 5, 6] });
  const page = await here.visit(at("distributed", "run", "?state=%2FStates%2FOrders"));
  await page.getByRole("complementary").getByRole("link").click();
  const items = page.getByRole("region", { name: "Items" });
  await items.getByText("Running").locator("..").getByText("2", { exact: true }).waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);

  await page.getByLabel("Most at once").fill("3");
  await page.getByRole("button", { name: "Save" }).click();

  await page.getByText("Saved. It applies from now on.").waitFor();
  await items.getByText("Running").locator("..").getByText("3", { exact: true }).waitFor();
  await page.getByRole("row").nth(3).waitFor();
  await page.getByRole("row").nth(1).getByRole("link").click();
  await page.getByLabel("Wait state Wait, running").waitFor();
  await page.getByText("Map Run of").locator("..").getByRole("link", { name: "run" }).click();
  await page.getByRole("link", { name: "distributed / run" }).click();
  await page.getByLabel("Map state Orders, running").waitFor();
  await here.server.call("StopExecution", { executionArn: arn });
});

const VIEWS = ["?view=timeline", "?view=table&sort=-took", "?state=%2FStates%2FCheckOrder"];

test.each([
  ["in light", VIEWS, { colorScheme: "light", viewport: { width: 1440, height: 900 } }],
  ["in dark", VIEWS.slice(0, 1), { colorScheme: "dark", viewport: { width: 1440, height: 900 } }],
  ["on a small screen", VIEWS.slice(0, 1), { viewport: { width: 320, height: 640 } }],
] as const)("timeline, slider and iterations have no barriers %s", async (_, queries, options) => {
  await machine("orders", ORDER);
  for (const query of queries) {
    const page = await here.visit(at("orders", "timeline", query), options);
    await page.getByRole("region", { name: "Why it failed" }).waitFor();
    await page.getByRole("slider").waitFor();
    expect([query, ...(await barriers(page))]).toEqual([query]);
  }
});
