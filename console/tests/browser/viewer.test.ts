import { expect, test } from "vitest";
import { barriers } from "./browser";
import { ORDER, PATIENT } from "./machines";
import { at, world } from "./world";

const here = world();

let made: Promise<string> | undefined;
const ended = new Map<string, Promise<string>>();

/** An execution of the order that has ended; it and its machine are made once. */
async function order(name: string, input: object): Promise<void> {
  made ??= here.server.create("orders", ORDER);
  const machine = await made;
  const run = async () => here.server.ended(await here.server.begin(machine, name, { ...input, id: name }));
  if (!ended.has(name)) ended.set(name, run());
  await ended.get(name);
}

test("an execution's page shows which states it went through, and by which way", async () => {
  await order("small", { total: 84 });
  const page = await here.visit(at("orders", "small"));

  await page.getByLabel("Pass state Ship, succeeded").waitFor();
  await page.getByLabel("Task state AskSomebody, not visited").waitFor();
  expect(await page.locator(".way.default.taken").count()).toBe(1);
  expect(await page.locator(".way.choice.taken").count()).toBe(0);
});

test("why an execution failed stands at its top, without a click", async () => {
  await order("large", { total: 8400 });
  const page = await here.visit(at("orders", "large"));

  const failure = page.getByRole("region", { name: "Why it failed" });
  await failure.getByText("Job.Failed", { exact: true }).waitFor();
  await failure.getByText("AskSomebody").waitFor();
  await failure.getByText("a total of this size needs a person").first().waitFor();
  await failure.getByText("attempt 2 of 2").waitFor();
});

test("the state that failed is one click away, with what it was given", async () => {
  await order("large-2", { total: 8400 });
  const page = await here.visit(at("orders", "large-2"));

  await page.getByRole("button", { name: "Show this state" }).click();

  const panel = page.getByRole("complementary", { name: "Selected state" });
  await panel.getByRole("heading", { name: /AskSomebody/ }).waitFor();
  await panel.getByRole("region", { name: "Input" }).getByText("8400").first().waitFor();
});

test("what a state did to its data is told value by value", async () => {
  await order("changes", { total: 84 });
  const page = await here.visit(at("orders", "changes"));
  await page.getByLabel("Pass state Ship, succeeded").click();

  await page.getByRole("tab", { name: "Changes" }).click();

  const changes = page.getByRole("list", { name: "Changes" });
  await changes.getByText("$.shipped").waitFor();
  await changes.getByText("SW-changes").waitFor();
});

test("graph, table and events share what is chosen, and the address keeps it", async () => {
  await order("shared", { total: 84 });
  const page = await here.visit(at("orders", "shared"));
  await page.getByLabel("Pass state Ship, succeeded").click();

  await page.getByRole("button", { name: "Table" }).click();
  await page.locator("[role=row][aria-current=true]").getByText("Ship").waitFor();
  await page.reload();

  await page.locator("[role=row][aria-current=true]").getByText("Ship").waitFor();
  await page.getByRole("complementary").getByRole("heading", { name: /Ship/ }).waitFor();
});

test("what a nested execution did stands in the timeline of the one that has started it, and leads to it", async () => {
  const inner = await here.server.create("inner", {
    StartAt: "Within",
    States: { Within: { Type: "Pass", End: true } },
  });
  const outer = await here.server.create("outer", {
    StartAt: "Begin",
    States: {
      Begin: {
        Type: "Task",
        Resource: "arn:aws:states:::states:startExecution.sync:2",
        Parameters: { StateMachineArn: inner, Name: "child", Input: {} },
        End: true,
      },
    },
  });
  await here.server.ended(await here.server.begin(outer, "one"));
  const page = await here.visit(at("outer", "one", "?view=timeline"));

  await page.getByText("Show nested executions").click();
  const row = page.getByRole("row").filter({ hasText: "Within" });
  await row.waitFor();
  expect(await barriers(page)).toEqual([]);
  await row.click();

  await page.getByRole("heading", { name: "child" }).waitFor();
  await page
    .getByRole("complementary")
    .getByRole("heading", { name: /Within/ })
    .waitFor();
});

test("an execution that a state has just started is found while both run", async () => {
  const inner = await here.server.create("patient-inner", {
    StartAt: "Waiting",
    States: { Waiting: { Type: "Wait", Seconds: 600, End: true } },
  });
  const outer = await here.server.create("late-outer", {
    StartAt: "Soon",
    States: {
      Soon: { Type: "Wait", Seconds: 3, Next: "Begin" },
      Begin: {
        Type: "Task",
        Resource: "arn:aws:states:::states:startExecution.sync:2",
        Parameters: { StateMachineArn: inner, Name: "late-child", Input: {} },
        End: true,
      },
    },
  });
  await here.server.begin(outer, "one");
  const page = await here.visit(at("late-outer", "one", "?view=timeline&nested=true"));

  await page.getByRole("row").filter({ hasText: "Waiting" }).waitFor();
  await page.getByRole("row").filter({ hasText: "Begin" }).click();

  await page.getByRole("link", { name: "patient-inner / late-child" }).waitFor();
});

test("the events of the history are there one by one, and whole", async () => {
  await order("events", { total: 84 });
  const page = await here.visit(at("orders", "events", "?view=events"));
  const rows = page.getByRole("table", { name: "Events of the history" });
  await rows.getByText("ExecutionStarted").waitFor();

  await rows.getByText("ParallelStateEntered").click();

  await page.getByRole("complementary").getByText('"CheckOrder"').waitFor();
});

test("an execution that runs is followed: what happens is seen without a reload", async () => {
  const machine = await here.server.create("patient", PATIENT);
  const arn = await here.server.begin(machine, "waits");
  const page = await here.visit(at("patient", "waits"));
  await page.getByLabel("Wait state Wait, running").waitFor();

  await here.server.call("StopExecution", { executionArn: arn, error: "Tired", cause: "nobody came" });

  await page.getByLabel("Wait state Wait, stopped").waitFor();
  await page.getByRole("region", { name: "It was stopped" }).getByText("nobody came").waitFor();
});

test("on a small screen the graph stands above what is chosen in it", async () => {
  await order("narrow", { total: 84 });
  const page = await here.visit(at("orders", "narrow"), { viewport: { width: 400, height: 800 } });

  await page.getByLabel("Pass state Ship, succeeded").waitFor();
  await page.getByLabel("Choice state IsLarge, succeeded").click();

  await page
    .getByRole("complementary")
    .getByRole("heading", { name: /IsLarge/ })
    .waitFor();
});

test("hostile names and data are shown as what they are", async () => {
  const name = "<img src=x onerror=alert(1)>";
  const machine = await here.server.create("hostile", {
    StartAt: name,
    States: { [name]: { Type: "Fail", Error: "<script>alert(2)</script>", Cause: "</pre><b>no</b>" } },
  });
  await here.server.ended(await here.server.begin(machine, "hostile", { __proto__: "<i>x</i>" }));
  const page = await here.visit(at("hostile", "hostile"));

  await page.getByRole("region", { name: "Why it failed" }).getByText("<script>alert(2)</script>").waitFor();
  await page.getByText(name).first().waitFor();
});

test("an execution that is not there is said so", async () => {
  const page = await here.visit(at("orders", "nobody"));

  await page.getByText("This does not exist").waitFor();
  await page.getByText("There is no execution").waitFor();
  await page.getByRole("link", { name: "To the start page" }).waitFor();
});

const VIEWS = ["", "?view=table", "?view=events", "?state=%2FStates%2FAskSomebody"];
const LARGE = { width: 1440, height: 900 };

test.each([
  ["in light", VIEWS, { colorScheme: "light", viewport: LARGE }],
  ["in dark", VIEWS, { colorScheme: "dark", viewport: LARGE }],
  ["at twice the size", VIEWS.slice(-1), { viewport: { width: 720, height: 450 } }],
  ["on a small screen", VIEWS.slice(-1), { viewport: { width: 320, height: 640 } }],
] as const)("the viewer has no barriers %s", async (_, queries, options) => {
  await order("barriers", { total: 8400 });
  for (const query of queries) {
    const page = await here.visit(at("orders", "barriers", query), options);
    await page.getByRole("region", { name: "Why it failed" }).waitFor();
    expect([query, ...(await barriers(page))]).toEqual([query]);
  }
});
