import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { barriers } from "./browser";
import { ORDER, PATIENT } from "./machines";
import { at, NAMESPACE, world } from "./world";

const here = world();

const made = new Map<string, Promise<string>>();

function machine(name: string, definition: object): Promise<string> {
  const found = made.get(name) ?? here.server.create(name, definition);
  made.set(name, found);
  return found;
}

const begun = new Map<string, Promise<string>>();

/** An execution of the order that has ended; each is made once. Its ARN. */
function order(name: string, total: number): Promise<string> {
  const run = async () => {
    const arn = await here.server.begin(await machine("orders", ORDER), name, { id: name, total });
    await here.server.ended(arn);
    return arn;
  };
  const found = begun.get(name) ?? run();
  begun.set(name, found);
  return found;
}

const dialog = (page: Page) => page.getByRole("dialog");
const panel = (page: Page) => page.getByRole("complementary", { name: "Selected state" });

test("whoever comes for the first time gets from a blueprint to an execution that has succeeded", async () => {
  const page = await here.visit("");
  await page.getByRole("heading", { name: "There is nothing here yet" }).waitFor();
  expect(await barriers(page)).toEqual([]);

  await page.getByRole("button", { name: "Create this state machine: Data transformation" }).click();
  await page.getByRole("heading", { name: "data-transformation" }).waitFor();
  await page.getByRole("button", { name: "Start execution" }).click();
  await dialog(page).getByRole("textbox", { name: "Input" }).waitFor();
  await dialog(page).getByRole("button", { name: "Start execution" }).click();

  await page.getByText("Succeeded").first().waitFor();
});

test("several executions are chosen and stopped at once", async () => {
  const waits = await here.server.create("several", PATIENT);
  for (const name of ["wait-1", "wait-2", "wait-3"]) await here.server.begin(waits, name);
  const page = await here.visit(`${NAMESPACE}/machines/several`);
  await page.getByRole("button", { name: "Choose several" }).click();
  for (const name of ["wait-1", "wait-3"]) await page.getByRole("checkbox", { name: `Choose ${name}` }).check();
  expect(await page.getByRole("button", { name: "Redrive" }).isDisabled()).toBe(true);
  expect(await barriers(page)).toEqual([]);

  await page.getByRole("button", { name: "Stop 2" }).click();
  await dialog(page).getByRole("heading", { name: "Stop 2 executions?" }).waitFor();
  await dialog(page).getByRole("button", { name: "Stop 2" }).click();

  await page.getByRole("button", { name: "Stopped 2" }).waitFor();
  await page.getByRole("button", { name: "Running 1" }).waitFor();
});

test("an input that is no JSON is told by line and column, and stays as it was typed", async () => {
  await machine("orders", ORDER);
  const page = await here.visit(`${NAMESPACE}/machines/orders`);
  await page.getByRole("button", { name: "Start execution" }).click();
  const input = dialog(page).getByRole("textbox", { name: "Input" });
  await input.fill('{"id": "typed",\n "total" 84}');
  await dialog(page).getByText("Line 2, column 10: a colon is expected here").waitFor();
  expect(await dialog(page).getByRole("button", { name: "Start execution" }).isDisabled()).toBe(true);

  await dialog(page).getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Start execution" }).click();

  expect(await input.inputValue()).toBe('{"id": "typed",\n "total" 84}');
});

test("an execution is started with a name and an input, and a name that is taken is said at the name", async () => {
  await machine("orders", ORDER);
  const page = await here.visit(`${NAMESPACE}/machines/orders`);
  const start = async (input: string) => {
    await page.getByRole("button", { name: "Start execution" }).click();
    await dialog(page).getByRole("textbox", { name: "Name" }).fill("by-hand");
    await dialog(page).getByRole("textbox", { name: "Input" }).fill(input);
    await dialog(page).getByRole("button", { name: "Start execution" }).click();
  };
  await start('{"id": "by-hand", "total": 1.0}');
  await page.getByLabel("Pass state Ship, succeeded").waitFor();
  expect(new URL(page.url()).pathname).toBe(`/console/${at("orders", "by-hand")}`);
  await page.goBack();

  await start('{"id": "other", "total": 2}');

  await dialog(page)
    .getByText(/Execution Already Exists/)
    .waitFor();
});

test("a new execution begins with the input of the one that is looked at", async () => {
  await order("first", 84);
  const page = await here.visit(at("orders", "first"));

  await page.getByRole("button", { name: "New execution" }).click();

  await expect.poll(() => dialog(page).getByRole("textbox", { name: "Input" }).inputValue()).toContain('"first"');
  await dialog(page).getByRole("button", { name: "Start execution" }).click();
  await page.waitForURL((url) => !url.pathname.endsWith("/first"));
  await page.getByLabel("Pass state Ship, succeeded").waitFor();
});

test("an execution that runs is stopped with an error and a cause, after a question", async () => {
  await here.server.begin(await machine("patient", PATIENT), "stopped");
  const page = await here.visit(at("patient", "stopped"));

  await page.getByRole("button", { name: "Stop" }).click();
  await dialog(page).getByText("This cannot be undone").waitFor();
  expect(await barriers(page)).toEqual([]);
  await dialog(page).getByRole("textbox", { name: "Error" }).fill("Shop.Closed");
  await dialog(page).getByRole("textbox", { name: "Cause" }).fill("closed at six");
  await dialog(page).getByRole("button", { name: "Stop" }).click();

  const told = page.getByRole("region", { name: "It was stopped" });
  await told.getByText("Shop.Closed").waitFor();
  await told.getByText("closed at six").waitFor();
});

test("an execution that failed is redriven, and says how often", async () => {
  await order("redriven", 8400);
  const page = await here.visit(at("orders", "redriven"));

  await page.getByRole("button", { name: "Redrive" }).click();
  await dialog(page).getByRole("button", { name: "Redrive" }).click();

  await page.getByText("1 time", { exact: true }).waitFor();
});

test("an execution that failed goes on at another state, with an input that was mended by hand", async () => {
  await order("mended", 8400);
  const page = await here.visit(`${at("orders", "mended")}?state=%2FStates%2FIsLarge`);
  await panel(page).getByRole("button", { name: "Redrive from here" }).click();
  const input = dialog(page).getByRole("textbox", { name: "Input of the state" });
  await expect.poll(() => input.inputValue()).toContain("8400");
  await dialog(page).getByText("What the state had when it was entered last.").waitFor();
  expect(await barriers(page)).toEqual([]);

  await input.fill('{"id": "mended", "total" 84}');
  expect(await dialog(page).getByRole("button", { name: "Redrive" }).isDisabled()).toBe(true);
  await input.fill('{"id": "mended", "total": 84}');
  await dialog(page).getByRole("button", { name: "Redrive" }).click();

  await page.getByText("1 time", { exact: true }).waitFor();
  await page.getByText("Succeeded", { exact: true }).first().waitFor();
});

test("a state that was never entered is offered what the failed one had, and its button is there for no other", async () => {
  await order("skipped", 8400);
  const page = await here.visit(`${at("orders", "skipped")}?state=%2FStates%2FShip`);
  await panel(page).getByRole("button", { name: "Redrive from here" }).click();
  const input = dialog(page).getByRole("textbox", { name: "Input of the state" });
  await dialog(page).getByText("The state was not entered before").waitFor();
  await expect.poll(() => input.inputValue()).toContain('"checks"');
  await dialog(page).getByRole("button", { name: "Where it failed" }).click();
  await dialog(page).getByText("what failed is done again, what succeeded is not").waitFor();
  await dialog(page).getByRole("button", { name: "Cancel" }).click();

  const inside = "%2FStates%2FCheckOrder%2FBranches%2F0%2FStates%2FValidatePayment";
  const within = await here.visit(`${at("orders", "skipped")}?state=${inside}`);
  await panel(within).getByRole("button", { name: "Try this step" }).waitFor();
  expect(await panel(within).getByRole("button", { name: "Redrive from here" }).count()).toBe(0);
});

test("why nothing caught an error is told where it failed, with the attempts that there may be", async () => {
  await order("large", 8400);
  const page = await here.visit(at("orders", "large"));
  const failure = page.getByRole("region", { name: "Why it failed" });

  await failure.getByText("attempt 2 of 2").waitFor();
  await failure.getByText(/No Catch names this error; there is one for States.Timeout/).waitFor();
});

test("what a task wrote last stands where it failed, and all of its log is one click away", async () => {
  await order("large", 8400);
  const page = await here.visit(at("orders", "large"));
  const failure = page.getByRole("region", { name: "Why it failed" });
  await failure.getByRole("region", { name: "Last lines of its log" }).getByText("needs a person").waitFor();

  await failure.getByRole("button", { name: "Logs" }).click();

  await panel(page).getByRole("region", { name: "Log" }).getByText("a total of this size needs a person").waitFor();
  expect(new URL(page.url()).searchParams.get("part")).toBe("logs");
  expect(await barriers(page)).toEqual([]);
});

test("a log that is still written is followed, its colours are colours and its markup is text", async () => {
  const words =
    "printf '\\033[31m<b>red</b>\\033[0m\\n'; n=0; while [ $n -lt 300 ]; do n=$((n+1)); echo line $n; sleep 0.1; done";
  const writer = {
    StartAt: "Write",
    States: { Write: { Type: "Task", Resource: "k8s:job", Parameters: { command: ["sh", "-c", words] }, End: true } },
  };
  const arn = await here.server.begin(await machine("writer", writer), "writes");
  const page = await here.visit(at("writer", "writes", "?state=%2FStates%2FWrite&part=logs"));
  await panel(page).getByText("line 3", { exact: true }).waitFor();
  await panel(page).locator(".red", { hasText: "<b>red</b>" }).waitFor();

  await panel(page).getByText("line 25", { exact: true }).waitFor();

  await here.server.call("StopExecution", { executionArn: arn });
});

test("a step that failed is tried with its recorded error, then with a result, and nothing is stored", async () => {
  const arn = await order("large", 8400);
  const page = await here.visit(at("orders", "large"));
  await page.getByRole("button", { name: "Try this step" }).first().click();
  await dialog(page).getByRole("button", { name: "Try", exact: true }).click();
  await dialog(page).getByText("It fails").waitFor();
  await dialog(page).getByText("Retry 1 names the error, but has no attempt left.").waitFor();

  await dialog(page).getByRole("button", { name: "A result" }).click();
  await dialog(page).getByRole("textbox", { name: "Result of the work" }).fill('{"answer": "yes"}');
  await dialog(page).getByRole("button", { name: "Try", exact: true }).click();

  await dialog(page).getByText("It succeeds").waitFor();
  await dialog(page).getByText("then Ship").waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(await here.server.ended(arn)).toBe("FAILED");
});

test("what each field did is told one under another", async () => {
  await order("first", 84);
  const page = await here.visit(at("orders", "first", "?state=%2FStates%2FShip&part=fields"));

  await panel(page).getByText("ResultPath").first().waitFor();
  await panel(page).getByText("InputPath changes nothing").waitFor();
  await panel(page).getByRole("region", { name: "Parameters" }).getByText("SW-first").waitFor();
});

test("two executions are compared: where they part is said, shown on the graph, and kept in the address", async () => {
  await Promise.all([order("first", 84), order("large", 8400)]);
  const page = await here.visit(at("orders", "first"));
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Compare with another execution" }).click();
  await dialog(page)
    .getByRole("button", { name: /Choose an execution/ })
    .click();
  await page.getByRole("option", { name: /large/ }).click();

  const strip = page.getByRole("region", { name: "Comparison" });
  await strip.getByText("They part at IsLarge: Default here, rule 1 there.").waitFor();
  await page.getByLabel(/Task state AskSomebody.*only there/).waitFor();
  await strip.getByRole("button", { name: "Show it" }).click();
  await panel(page).getByText("8400").first().waitFor();
  await page.reload();
  await strip.getByText(/They part at IsLarge/).waitFor();
  expect(new URL(page.url()).searchParams.get("with")).toBe("large");
});

test("a state machine's graph shows where its executions fail", async () => {
  await order("large", 8400);
  const page = await here.visit(`${NAMESPACE}/machines/orders?heat=failures`);

  await page.getByLabel(/Task state AskSomebody, \d+ failures? in/).waitFor();
  await page.getByText(/Of the \d+ executions? started last/).waitFor();
});

test("a history is exported, and opened from the file, also with events that nobody knows", async () => {
  await order("large", 8400);
  const page = await here.visit(at("orders", "large"));
  await page.getByRole("button", { name: "More actions" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "Export the history" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("large.history.json");
  await dialog(page).getByText("large.history.json is complete.").waitFor();
  const history = JSON.parse(await readFile((await download.path()) ?? "", "utf8"));
  const last = history.events.at(-1);
  history.events.push({ ...last, id: last.id + 1, type: "<b>QuantumLeap</b>", leap: { far: "<i>yes</i>" } });
  const [file, definition] = [join(tmpdir(), "acts-history.json"), join(tmpdir(), "acts-definition.json")];
  await Promise.all([writeFile(file, JSON.stringify(history)), writeFile(definition, JSON.stringify(ORDER))]);

  await page.goto(`${here.server.address}/console/${NAMESPACE}/imported`);
  const [ofHistory, ofDefinition] = [page.locator("input[type=file]").first(), page.locator("input[type=file]").last()];
  await ofHistory.setInputFiles(definition);
  await page.getByText(/It has no list of events/).waitFor();
  await ofHistory.setInputFiles(file);
  await page.getByText("How states ended is inferred").waitFor();
  await page.getByRole("table").getByText("AskSomebody").waitFor();
  await ofDefinition.setInputFiles(definition);

  await page.getByRole("button", { name: "Graph" }).click();
  await page.getByLabel("Task state AskSomebody, failed, 1 retry").waitFor();
  await page.getByRole("button", { name: "Events" }).click();
  await page.getByText("<b>QuantumLeap</b>").first().click();
  await panel(page).getByText('"<i>yes</i>"').waitFor();
});

test("what a button does can be copied as a command", async () => {
  await order("first", 84);
  const page = await here.visit(at("orders", "first"));
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "As a command" }).click();

  await dialog(page).getByText(`aws stepfunctions describe-execution --endpoint-url ${here.server.address}`).waitFor();
  expect(await barriers(page)).toEqual([]);
});

test("the start page shows what failed and was not looked at, and what runs", async () => {
  await order("unseen", 8400);
  await here.server.begin(await machine("patient", PATIENT), "goes-on");
  const page = await here.visit("");
  const failed = page.getByRole("region", { name: "Failed in the last day" });
  await page.getByRole("region", { name: "Running now" }).getByRole("link", { name: "goes-on" }).waitFor();

  await failed.getByRole("link", { name: "unseen" }).click();
  await page.getByRole("region", { name: "Why it failed" }).waitFor();
  await page.goBack();

  await failed.getByText(/that you have seen/).waitFor();
  expect(await failed.getByRole("link", { name: "unseen" }).count()).toBe(0);
});

test("an input of 250 KiB and names of markup do not break what can be done", async () => {
  const name = "<img src=x onerror=alert(1)>";
  const hostile = { StartAt: name, States: { [name]: { Type: "Fail", Error: "<b>E</b>", Cause: "</pre><i>c</i>" } } };
  const arn = await here.server.begin(await machine("hostile", hostile), "hostile", { text: "<i>".repeat(80_000) });
  await here.server.ended(arn);
  const page = await here.visit(at("hostile", "hostile"));
  await page.getByRole("button", { name: "Try this step" }).first().click();
  await dialog(page)
    .getByText(/only its beginning is here/)
    .waitFor();
  await dialog(page).getByRole("textbox", { name: "Input" }).fill("{}");
  await dialog(page).getByRole("button", { name: "Try", exact: true }).click();

  await dialog(page).getByText("</pre><i>c</i>").first().waitFor();
});

test.each([
  ["in light", { colorScheme: "light", viewport: { width: 1440, height: 900 } }],
  ["in dark", { colorScheme: "dark", viewport: { width: 1440, height: 900 } }],
  ["on a small screen", { viewport: { width: 320, height: 640 } }],
] as const)("start page, comparison and import have no barriers %s", async (_, options) => {
  await Promise.all([order("first", 84), order("large", 8400)]);
  const page = await here.visit("", options);
  await page.getByRole("region", { name: "Running now" }).waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  await page.goto(`${here.server.address}/console/${at("orders", "first", "?with=large")}`);
  await page.getByText(/They part at IsLarge/).waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.goto(`${here.server.address}/console/${NAMESPACE}/imported`);
  await page.getByRole("heading", { name: "A history from a file" }).waitFor();
  expect(await barriers(page)).toEqual([]);
});
