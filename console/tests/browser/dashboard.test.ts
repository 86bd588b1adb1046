import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { barriers } from "./browser";
import { PATIENT } from "./machines";
import { NAMESPACE, world } from "./world";

const here = world();

const DASHBOARD = `${NAMESPACE}/dashboard`;

/** Succeeds, unless its input says otherwise. */
const DECIDED = {
  StartAt: "Decide",
  States: {
    Decide: { Type: "Choice", Choices: [{ Variable: "$.bad", IsPresent: true, Next: "Refuse" }], Default: "Take" },
    Take: { Type: "Pass", End: true },
    Refuse: { Type: "Fail", Error: "Order.Refused" },
  },
};

let made: Promise<void> | null = null;

/** Three that succeeded, one that failed and one that runs, of two state machines, one of which has a version and an alias; once. */
function filled(): Promise<void> {
  const fill = async () => {
    const { server } = here;
    const [orders, waits] = [await server.create("orders", DECIDED), await server.create("waits", PATIENT)];
    const { stateMachineVersionArn } = await server.call("PublishStateMachineVersion", { stateMachineArn: orders });
    await server.call("CreateStateMachineAlias", {
      name: "live",
      routingConfiguration: [{ stateMachineVersionArn, weight: 100 }],
    });
    await server.begin(waits, "patient");
    for (const name of ["good-1", "good-2", "good-3"]) await server.ended(await server.begin(orders, name));
    await server.ended(await server.begin(orders, "bad-1", { bad: true }));
  };
  made ??= fill();
  return made;
}

const chart = (page: Page) => page.getByRole("slider", { name: "Executions started: part of the time" });

test("the dashboard tells how many failed and why, and what runs longest, and leads to them", async () => {
  await filled();
  const page = await here.visit(DASHBOARD);
  await page.getByText("25 % of those that ended").waitFor();
  const failed = page.getByRole("region", { name: "Latest failures" });
  await failed.getByRole("link", { name: "bad-1" }).waitFor();
  await page.getByRole("region", { name: "Running longest" }).getByRole("link", { name: "patient" }).waitFor();

  await page.getByRole("link", { name: "Order.Refused" }).click();

  await page.getByText("Only executions with the error Order.Refused").waitFor();
  await page.getByRole("link", { name: "bad-1" }).waitFor();
  expect(await page.getByRole("link", { name: /^good-/ }).count()).toBe(0);
  await page.getByRole("button", { name: "Show all of them" }).click();
  await page.getByRole("link", { name: "good-3" }).waitFor();
});

test("by keys one walks along the time, and from a part of it to its executions", async () => {
  await filled();
  const page = await here.visit(`${DASHBOARD}?machine=orders&span=hour`);
  await page.getByRole("heading", { name: "orders" }).waitFor();
  await chart(page).focus();
  await page.keyboard.press("Home");
  await page.getByText("0 started").waitFor();

  // They were started in one of the last parts.
  await page.keyboard.press("End");
  while (!/[1-9] started/.test((await chart(page).getAttribute("aria-valuetext")) ?? "")) {
    expect(await chart(page).inputValue()).not.toBe("0");
    await page.keyboard.press("ArrowLeft");
  }
  await page.getByRole("link", { name: "Show these executions" }).click();

  await page.getByText(/Only executions of orders, started /).waitFor();
  await page
    .getByRole("link", { name: /^(good|bad)-/ })
    .first()
    .waitFor();
});

test("while it waits, where nothing was started and where one may not look, the dashboard says so", async () => {
  const page = await here.visit(`${DASHBOARD}?machine=nobody`);
  await page.getByText("Nothing was started in this time").waitFor();
  expect(await barriers(page)).toEqual([]);

  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/metrics?*", async (route) => {
    await answered;
    const body = { code: "AccessDeniedException", message: "ana may not perform ListExecutions" };
    await route.fulfill({ status: 403, json: body });
  });
  await page.reload();
  await page.getByRole("heading", { name: "nobody" }).waitFor();
  await page.getByRole("status").filter({ hasText: "Loading" }).waitFor();
  answer();
  await page.getByText("You may not look at this").waitFor();
  await page.getByText("ana may not perform ListExecutions").waitFor();
});

test("a version is published, compared, and started by an alias", async () => {
  const machine = await here.server.create("released", DECIDED);
  const page = await here.visit(`${NAMESPACE}/machines/released`);
  const section = page.getByRole("region", { name: "Versions and aliases" });
  const dialog = page.getByRole("dialog");
  await section.getByText("Nothing is published yet").waitFor();

  await section.getByRole("button", { name: "Publish a version" }).click();
  await dialog.getByRole("button", { name: "Publish" }).click();
  await section.getByRole("link", { name: "Version 1" }).waitFor();
  const { Take, ...others } = DECIDED.States;
  const changed = { ...DECIDED, States: { ...others, Take: { ...Take, Comment: "It has changed" } } };
  await here.server.call("UpdateStateMachine", { stateMachineArn: machine, definition: JSON.stringify(changed) });
  await section.getByRole("button", { name: "Publish a version" }).click();
  await dialog.getByRole("button", { name: "Publish" }).click();
  await section.getByRole("link", { name: "Version 2" }).waitFor();

  await section.getByRole("button", { name: "Create an alias" }).click();
  await dialog.getByLabel("Name").fill("live");
  await dialog.getByLabel("Share its executions with a second version").check();
  await dialog.getByLabel("How many of 100 executions the second version gets").fill("101");
  await dialog.getByText("A whole number from 0 to 100").waitFor();
  await dialog.getByLabel("How many of 100 executions the second version gets").fill("100");
  await dialog.getByRole("button", { name: "Create" }).click();
  await section.getByText("100 %").waitFor();

  await section.getByRole("link", { name: "Version 1" }).last().click();
  await page.getByRole("heading", { name: "Version 1" }).waitFor();
  await page.getByLabel("Pass state Take").waitFor();
  await page.getByRole("button", { name: "Differences" }).click();
  await page.getByText("It has changed").waitFor();
  await page.getByLabel(/Pass state Take.*differs/).waitFor();
  expect(await barriers(page)).toEqual([]);

  await page.goBack();
  await section.getByRole("button", { name: "Start execution: live" }).click();
  await dialog.getByRole("button", { name: "Start execution" }).click();
  await page.getByRole("link", { name: "1, by live" }).waitFor();
});

test("an activity shows which execution waits for a worker", async () => {
  const { activityArn } = await here.server.call("CreateActivity", { name: "weighing" });
  const weigh = { StartAt: "Weigh", States: { Weigh: { Type: "Task", Resource: activityArn, End: true } } };
  await here.server.begin(await here.server.create("scales", weigh), "parcel-7");
  const page = await here.visit(`${NAMESPACE}/start`);

  await page.getByRole("link", { name: "Activities" }).click();

  await page
    .getByRole("row", { name: /weighing/ })
    .getByRole("link", { name: "parcel-7" })
    .waitFor();
  expect(await barriers(page)).toEqual([]);
});

test("dashboard and versions have no barriers in light, in dark, at twice the size and on a small screen", async () => {
  await filled();
  for (const options of [
    { colorScheme: "light", viewport: { width: 1440, height: 900 } },
    { colorScheme: "dark", viewport: { width: 1440, height: 900 } },
    { viewport: { width: 720, height: 450 } },
    { viewport: { width: 320, height: 640 } },
  ] as const) {
    const page = await here.visit(DASHBOARD, options);
    await page.getByRole("link", { name: "bad-1" }).waitFor();
    await chart(page).focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("link", { name: "Show these executions" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await page.goto(page.url().replace(/dashboard$/, "machines/orders"));
    await page.getByRole("button", { name: "Start execution: live" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  }
});
