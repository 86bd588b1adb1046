/** How long people wait for the console, in Chromium on the machine that also runs the server. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { ORDER, PATIENT } from "../browser/machines";
import { at, NAMESPACE, world } from "../browser/world";
import { note } from "./figures";

const here = world();
const ROUNDS = 5;
const STATES = 1000;
const COLOURS = 20;
const VIEWERS = 400;
const EVENTS = 24_000;
const MOVES = 50;
const SCROLLED = 400;
const SETTLING_MILLIS = 3_000;

interface HistoryEvent {
  /** In seconds. */
  timestamp: number;
  stateExitedEventDetails?: { name: string };
}

/** Milliseconds since the page was asked for, until `selector` is there and laid out. */
async function shown(page: Page, selector: string): Promise<number> {
  await page.locator(selector).first().waitFor();
  return page.evaluate("new Promise((done) => requestAnimationFrame(() => done(performance.now())))");
}

async function fetched(page: Page): Promise<number> {
  const script =
    "performance.getEntriesByType('resource').filter((e) => e.name.includes('/api/')).reduce((sum, e) => sum + e.transferSize, 0)";
  return (await page.evaluate<number>(script)) / 1024;
}

/** What the main thread does while something happens, in milliseconds. */
async function busy(page: Page, act: () => Promise<unknown>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const read = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find((each) => each.name === "TaskDuration")?.value ?? 0;
  };
  const before = await read();
  await act();
  const after = await read();
  await session.detach();
  return 1000 * (after - before);
}

/** How many frames the page has drawn since it was first asked. */
const frames = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    if (globalThis.frames_drawn === undefined) {
      globalThis.frames_drawn = 0;
      const count = () => {
        globalThis.frames_drawn += 1;
        requestAnimationFrame(count);
      };
      requestAnimationFrame(count);
    }
    return globalThis.frames_drawn;
  })()`);

test("the first page", async () => {
  await here.server.create("orders", ORDER);
  const painted: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const page = await here.visit(`${NAMESPACE}/machines`);
    await page.getByText("orders").first().waitFor();
    painted.push(await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
  }
  note("first contentful paint", "ms", ...painted);
});

test("the graph of an order", async () => {
  const machine = await here.server.create("graphs", ORDER);
  await here.server.ended(await here.server.begin(machine, "small", { total: 84, id: 1 }));
  note("graph of an order", "ms", ...(await repeated(ROUNDS, () => untilGraph("graphs", "small"))));
});

test("the graph of a thousand states", async () => {
  const names = Array.from({ length: STATES }, (_, index) => `S${index}`);
  const machine = await here.server.create("thousand", chain(names, { Type: "Pass" }));
  await here.server.ended(await here.server.begin(machine, "one"));
  note("graph of 1,000 states", "ms", ...(await repeated(ROUNDS, () => untilGraph("thousand", "one"))));
});

test("a long execution", async () => {
  await loop();
  note("graph of 24,000 events", "ms", ...(await repeated(ROUNDS, () => untilGraph("loop", "long"))));
  const page = await here.visit(at("loop", "long"));
  await shown(page, ".state.Succeeded");
  await sleep(SETTLING_MILLIS);
  note("fetched for 24,000 events", "KiB", await fetched(page));
});

/** In a browser that has nothing of the console yet. */
async function untilGraph(machine: string, execution: string): Promise<number> {
  const page = await here.visit(at(machine, execution));
  const millis = await shown(page, ".state.Succeeded");
  await page.context().close();
  return millis;
}

test("each of very many visits", async () => {
  await loop();
  const page = await here.visit(at("loop", "long", "?view=table"));
  const row = page.locator("[role=row]").nth(5);
  await row.waitFor();
  const box = await row.boundingBox();
  await page.mouse.move((box?.x ?? 0) + 50, (box?.y ?? 0) + 5);
  const scrolls = await repeated(MOVES, async () => {
    const before = await frames(page);
    const millis = await busy(page, () => settled(page, page.mouse.wheel(0, SCROLLED)));
    return millis / ((await frames(page)) - before);
  });
  note("a scroll through 12,000 visits, main thread in each frame", "ms", ...scrolls);
});

test("a move of the slider over very many visits", async () => {
  await loop();
  const page = await here.visit(at("loop", "long"));
  await shown(page, ".state.Succeeded");
  const slider = page.getByRole("slider");
  await slider.focus();
  const moves = await repeated(MOVES, () => busy(page, () => settled(page, page.keyboard.press("PageDown"))));
  note("a move of the slider over 12,000 visits, main thread", "ms", ...moves);
});

test("from a commit to its colour", async () => {
  const names = Array.from({ length: COLOURS }, (_, index) => `S${index}`);
  const machine = await here.server.create("slow", chain(names, { Type: "Wait", Seconds: 1 }));
  const execution = await here.server.begin(machine, "one");
  const page = await here.visit(at("slow", "one"));
  await page.locator(".state.Running").waitFor();
  const seen = await page.evaluate<Record<string, number>>(`new Promise((done) => {
    const seen = {};
    const look = () => {
      for (const box of document.querySelectorAll(".state.Succeeded")) {
        seen[box.querySelector(".name").textContent] ??= Date.now();
      }
      if (Object.keys(seen).length === ${COLOURS}) done(seen);
      else requestAnimationFrame(look);
    };
    look();
  })`);
  const ends = new Map<string, number>();
  const { events } = await here.server.call<{ events: HistoryEvent[] }>("GetExecutionHistory", {
    executionArn: execution,
    maxResults: 1000,
  });
  for (const event of events) {
    if (event.stateExitedEventDetails) ends.set(event.stateExitedEventDetails.name, 1000 * event.timestamp);
  }
  // What had ended before the page was there was not seen to end.
  const later = names.slice(Math.ceil(COLOURS / 4));
  note("from a commit to its colour", "ms", ...later.map((name) => (seen[name] ?? 0) - (ends.get(name) ?? 0)));
});

test("somebody who only looks", async () => {
  const machine = await here.server.create("patient", PATIENT);
  const execution = await here.server.begin(machine, "one");
  const api = `${here.server.address}/console/api/v1`;
  const { token } = (await (await fetch(`${api}/me`)).json()) as { token: string };
  const watch = encodeURIComponent(`execution:${execution}`);
  const look = () => fetch(`${api}/stream?watch=${watch}`, { headers: { "X-Stepwright-Console": token } });
  const first = await look(); // what the first one needs is needed once
  const before = here.server.residentKib();
  const streams = await Promise.all(Array.from({ length: VIEWERS }, look));
  expect(streams.every((each) => each.ok)).toBe(true);
  await sleep(SETTLING_MILLIS);
  note("server's memory for each who looks", "KiB", (here.server.residentKib() - before) / VIEWERS);
  await Promise.all([first, ...streams].map((each) => each.body?.cancel()));
});

/** An execution of 12,000 visits and 24,000 events: AWS's limit is 25,000. Made once. */
let made: Promise<string> | undefined;
const loop = () => (made ??= makeLoop());

async function makeLoop(): Promise<string> {
  const machine = await here.server.create("loop", {
    StartAt: "Count",
    States: {
      Count: { Type: "Pass", Parameters: { "n.$": "States.MathAdd($.n, -1)" }, Next: "More" },
      More: { Type: "Choice", Choices: [{ Variable: "$.n", NumericGreaterThan: 0, Next: "Count" }], Default: "Done" },
      Done: { Type: "Succeed" },
    },
  });
  return here.server.ended(await here.server.begin(machine, "long", { n: EVENTS / 4 }));
}

/** One state after the other. */
function chain(names: readonly string[], state: object): object {
  const after = (index: number) => (index + 1 < names.length ? { Next: names[index + 1] } : { End: true });
  return {
    StartAt: names[0],
    States: Object.fromEntries(names.map((name, index) => [name, { ...state, ...after(index) }])),
  };
}

async function repeated(times: number, measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let round = 0; round < times; round++) values.push(await measure());
  return values;
}

/** Once what was done is on the screen. */
async function settled(page: Page, act: Promise<unknown>): Promise<void> {
  await act;
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}
