import { expect, test } from "vitest";
import { barriers } from "./browser";
import { HELLO, ORDER } from "./machines";
import { NAMESPACE, world } from "./world";

const here = world();

test("where there is no state machine yet is said how to get one", async () => {
  const page = await here.visit(`${NAMESPACE}/machines`);

  await page.getByText("No state machine yet").waitFor();
});

test("a state machine that is made appears in the list without a reload", async () => {
  const page = await here.visit(`${NAMESPACE}/machines`);
  await page.getByRole("heading", { name: /State machines/ }).waitFor();

  await here.server.create("hello", HELLO);

  await page.getByRole("link", { name: "hello" }).waitFor();
});

test("of many state machines those with a name are found", async () => {
  await Promise.all(Array.from({ length: 120 }, (_, index) => here.server.create(`many-${index}`, HELLO)));
  const page = await here.visit(`${NAMESPACE}/machines`);

  await page.getByLabel("Find state machines by name").fill("many-11");

  await page.getByRole("link", { name: "many-119" }).waitFor();
  await page.getByText("11 state machines").first().waitFor();
});

test("a state machine's page shows its graph, its text and its executions, newest first", async () => {
  const machine = await here.server.create("orders", ORDER);
  for (const name of ["order-1", "order-2"]) await here.server.begin(machine, name, { id: name, total: 84 });
  const page = await here.visit(`${NAMESPACE}/machines`);
  await page.getByLabel("Find state machines by name").fill("orders");
  await page.getByRole("link", { name: "orders" }).click();

  await page.getByRole("heading", { name: "orders" }).waitFor();
  await page.getByLabel(/Choice state IsLarge/).waitFor();
  await page.getByRole("link", { name: "order-2" }).waitFor();
  expect(await page.getByRole("link", { name: /^order-/ }).allTextContents()).toEqual(["order-2", "order-1"]);

  for (const [menu, item, file] of [
    ["Export", "As YAML", "orders.asl.yaml"],
    ["Save the picture", "As PNG", "orders_Stepwright.png"],
  ] as const) {
    await page.getByRole("button", { name: menu }).click();
    const taken = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: item }).click();
    expect((await taken).suggestedFilename()).toBe(file);
  }

  await page.getByRole("button", { name: "Text" }).click();
  await page.getByText("NumericGreaterThan").waitFor();
  expect(new URL(page.url()).searchParams.get("shown")).toBe("text");
});

test("a state machine that cannot run is on the start page, one click from the place", async () => {
  await here.server.create("undeliverable", {
    StartAt: "Deliver",
    States: { Deliver: { Type: "Task", Resource: "acme:deliver", Next: "Done" }, Done: { Type: "Succeed" } },
  });
  const page = await here.visit(`${NAMESPACE}/start`);
  const list = page.getByRole("region", { name: "State machines that are not ready" });
  await list.getByText(/serves 'acme:deliver'/).waitFor();
  expect(await barriers(page)).toEqual([]);

  await list.getByRole("link", { name: "undeliverable" }).click();

  await page.locator(".react-flow__node.selected").getByText("Deliver", { exact: true }).waitFor();
});

test("executions can be chosen by their status, and the address keeps the choice", async () => {
  const machine = await here.server.create("chosen", ORDER);
  await here.server.ended(await here.server.begin(machine, "fine", { id: "x", total: 1 }));
  await here.server.ended(await here.server.begin(machine, "broken", {}));
  const page = await here.visit(`${NAMESPACE}/machines/chosen`);
  await page.getByRole("link", { name: "fine" }).waitFor();

  await page.getByRole("button", { name: "Failed 1" }).click();

  await page.getByRole("link", { name: "fine" }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "broken" }).waitFor();
  await page.reload();
  await page.getByRole("link", { name: "broken" }).waitFor();
  expect(await page.getByRole("link", { name: "fine" }).count()).toBe(0);
});

test("the executions of all state machines stand in one list, and are found by their names, errors and times", async () => {
  const page = await here.visit(`${NAMESPACE}/executions`);
  await page.getByRole("link", { name: "order-2" }).waitFor();
  await page.getByRole("link", { name: "broken" }).waitFor();

  await page.getByRole("button", { name: "Narrow" }).click();
  await page.getByRole("menuitem", { name: /^States\./ }).click();
  await page.getByText(/Only executions with the error States\./).waitFor();
  await page.getByRole("link", { name: "order-2" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Show all of them" }).click();
  await page.getByRole("button", { name: "Narrow" }).click();
  await page.getByRole("menuitem", { name: "The last hour" }).click();
  await page.getByText(/Only executions started in the last hour/).waitFor();
  await page.getByRole("link", { name: "order-2" }).waitFor();

  await page.getByLabel("Find by the beginning of the name").fill("order-");

  await page.getByRole("link", { name: "broken" }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "order-1" }).click();
  await page.getByLabel("Pass state Ship, succeeded").waitFor();
});

test("what a list was narrowed to is kept under a name, and chosen again", async () => {
  const machine = await here.server.create("kept", HELLO);
  await here.server.ended(await here.server.begin(machine, "kept-1"));
  const page = await here.visit(`${NAMESPACE}/executions`);
  await page.getByRole("link", { name: "kept-1" }).waitFor();
  await page.getByRole("button", { name: "Narrow" }).click();
  await page.getByRole("menuitem", { name: "The last hour" }).click();
  await page.getByText("Only executions started in the last hour").waitFor();

  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Keep this view" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Just now");
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  await page.getByRole("button", { name: "Show all of them" }).click();
  await page.getByText("Only executions").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Just now" }).click();

  await page.getByText("Only executions started in the last hour").waitFor();
  expect(await barriers(page)).toEqual([]);
});

test("what is not there is said so", async () => {
  const missing = await here.visit(`${NAMESPACE}/machines/nobody`);
  await missing.getByText(/State Machine Does Not Exist/).waitFor();

  const nowhere = await here.visit("no/such/page/at/all");
  await nowhere.getByText("There is no such page").waitFor();
});

test.each([
  ["in light", { colorScheme: "light", viewport: { width: 1440, height: 900 } }],
  ["in dark", { colorScheme: "dark", viewport: { width: 1440, height: 900 } }],
  ["at twice the size", { viewport: { width: 720, height: 450 } }],
  ["on a small screen", { viewport: { width: 320, height: 640 } }],
] as const)("lists have no barriers %s", async (_, options) => {
  const page = await here.visit(`${NAMESPACE}/executions`, options);
  await page.getByRole("link", { name: "order-2" }).waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.goto(page.url().replace(/executions$/, "machines/orders"));
  await page.getByRole("link", { name: "order-2" }).waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
});

test("a dark theme that was chosen stays, whatever the system has", async () => {
  const page = await here.visit(`${NAMESPACE}/machines`, { colorScheme: "light" });
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Dark" }).click();
  await page.locator("body.awsui-dark-mode").waitFor();

  await page.reload();

  await page.locator("body.awsui-dark-mode").waitFor();
});
