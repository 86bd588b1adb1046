/**
 * What watching an execution costs: how long after a commit a state has its colour, and what a move of the slider takes.
 *
 *     npx vite build --config vitest.config.ts --ssr tests/live_cost.ts --outDir node_modules/.cost
 *     PATH=../.venv/bin:$PATH node node_modules/.cost/live_cost.js
 */
import type { Page } from "playwright-core";
import { launch, open } from "./browser/browser";
import { MANY, worked } from "./browser/machines";
import { Server } from "./browser/server";

const STEPS = 60;
/** Each is two visits. */
const ITEMS = 5_000;
const MOVES = 200;
const PAUSE_MILLIS = 400;

const say = (text: string) => process.stdout.write(`${text}\n`);
const at = (all: readonly number[], share: number) =>
  [...all].sort((one, other) => one - other)[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0;
const sleep = (millis: number) => new Promise((done) => setTimeout(done, millis));

/** From the answer of the API, by when the commit is durable, until the box of the state has changed. */
async function colours(server: Server, page: Page): Promise<void> {
  const { activityArn } = await server.call<{ activityArn: string }>("CreateActivity", { name: "measured" });
  const arn = await server.begin(await server.create("worked", worked("measured", STEPS)), "one");
  await page.goto(`${server.address}/console/123456789012/executions/worked/one`);
  await page.getByLabel("Task state Step1, running").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.evaluate(() => {
    const seen = new Map<string, number>();
    Object.assign(window, { seen });
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const label = (target as Element).getAttribute("aria-label");
        if (label?.endsWith("succeeded") && !seen.has(label)) {
          requestAnimationFrame(() => setTimeout(() => seen.set(label, Date.now())));
        }
      }
    }).observe(document.body, { subtree: true, attributeFilter: ["aria-label"] });
  });
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000;
  };
  const before = await busy();
  const told: number[] = [];
  for (let step = 1; step <= STEPS; step += 1) {
    const { taskToken } = await server.call<{ taskToken: string }>("GetActivityTask", { activityArn });
    await server.call("SendTaskSuccess", { taskToken, output: "{}" });
    told.push(Date.now());
    await sleep(PAUSE_MILLIS * Math.random());
  }
  await server.ended(arn);
  await sleep(5_000);
  const each = (((await busy()) - before) / STEPS).toFixed(0);
  const seen = await page.evaluate(() => Object.fromEntries((window as unknown as { seen: Map<string, number> }).seen));
  const late = told.flatMap((time, index) => {
    const shown = seen[`Task state Step${index + 1}, succeeded`];
    return shown === undefined ? [] : [shown - time];
  });
  say(
    `commit to colour, ${late.length} of ${STEPS} states: p50 ${at(late, 0.5)} ms, p95 ${at(late, 0.95)} ms, most ${at(late, 1)} ms; ${each} ms of the page's processor time a state`,
  );
}

async function moves(server: Server, page: Page): Promise<void> {
  const items = Array.from({ length: ITEMS }, () => ({}));
  const arn = await server.begin(await server.create("many", MANY), "one", { items });
  await server.ended(arn);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const metrics = async () => {
    const { metrics: all } = await session.send("Performance.getMetrics");
    return new Map(all.map(({ name, value }) => [name, value]));
  };
  for (const view of ["graph", "table", "timeline"]) {
    await page.goto(`${server.address}/console/123456789012/executions/many/one?view=${view}`);
    await page.getByRole("slider").waitFor();
    await page.getByRole("slider").fill("5000");
    await sleep(8_000);
    const before = await metrics();
    const took = (await page.evaluate(async (count) => {
      const slider = document.querySelector<HTMLInputElement>(".slider input");
      const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
      for (let move = 1; move <= count; move += 1) {
        set?.call(slider, String(Math.round((move * 10_000) / (count + 1))));
        slider?.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise(requestAnimationFrame);
      }
      return document.querySelectorAll("*").length;
    }, MOVES)) as number;
    const after = await metrics();
    const each = (name: string) => ((((after.get(name) ?? 0) - (before.get(name) ?? 0)) * 1000) / MOVES).toFixed(1);
    const heap = ((after.get("JSHeapUsedSize") ?? 0) / 1024 / 1024).toFixed(0);
    say(
      `slider, ${2 * ITEMS + 1} visits, ${view}: ${each("TaskDuration")} ms of processor time a move, ${each("ScriptDuration")} of it scripts; ${took} elements, heap ${heap} MiB`,
    );
  }
}

const [server, browser] = await Promise.all([Server.start(), launch()]);
try {
  const { page } = await open(browser);
  await colours(server, page);
  await moves(server, page);
} finally {
  await Promise.all([browser.close(), server.stop()]);
}
