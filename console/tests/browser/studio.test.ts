import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import type { Me } from "../../src/api/generated/console";
import { barriers } from "./browser";
import { ORDER } from "./machines";
import { NAMESPACE, world } from "./world";

const folder = mkdtempSync(join(tmpdir(), "stepwright-checkout-"));
const here = world(undefined, "--edit", folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CHAIN = `# An order, from beginning to end
StartAt: Check
States:
  # Looks at it
  Check:
    Type: Pass
    Next: Ship # then it goes

  # Sends it
  Ship:
    Type: Pass
    Next: Done
  Done:
    Type: Succeed
`;

/** A file of its own in Studio. */
async function file(name: string, text = CHAIN): Promise<Page> {
  writeFileSync(join(folder, name), text);
  const page = await here.visit(`${NAMESPACE}/files/edit?path=${name}`);
  await page.getByLabel(/state Check/).waitFor();
  return page;
}
const kept = (name: string) => readFileSync(join(folder, name), "utf8");
const state = (page: Page, type: string, name: string) => page.getByLabel(`${type} state ${name}`, { exact: true });
const text = (page: Page) => page.getByRole("textbox", { name: "Text of the definition" });

/** What the editor holds, not only what it draws. */
const written = async (page: Page): Promise<string> =>
  (await text(page).locator(".cm-line").allTextContents()).join("\n");

async function carry(page: Page, from: Locator, to: Locator): Promise<void> {
  await to.waitFor();
  await from.hover();
  await page.mouse.down();
  const box = await to.boundingBox();
  if (!box) throw new Error("it is not in sight");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 8 });
  await page.mouse.up();
}

const save = (page: Page) => page.getByRole("button", { name: "Save", exact: true });
const saved = (page: Page) => page.getByText("Saved", { exact: true }).waitFor();

/** Until this browser has a draft with these words: a moment after they were typed. */
async function hasDraft(page: Page, words: string): Promise<void> {
  const drafts = () =>
    page.evaluate(
      () =>
        new Promise<string>((found, fails) => {
          const opening = indexedDB.open("stepwright");
          opening.onerror = () => fails(opening.error);
          opening.onsuccess = () => {
            const asked = opening.result.transaction("drafts").objectStore("drafts").getAll();
            asked.onerror = () => fails(asked.error);
            asked.onsuccess = () => found(JSON.stringify(asked.result));
          };
        }),
    );
  await expect.poll(drafts, { timeout: 60_000 }).toContain(words);
}

test("a newcomer begins with a blueprint, changes it, runs it and sees it run", async () => {
  const page = await here.visit(`${NAMESPACE}/machines`);
  let acts = 0;
  const click = (name: string, of: Page | Locator = page) => {
    acts += 1;
    return of.getByRole("button", { name, exact: true }).click();
  };
  await page.getByRole("link", { name: "Blueprints" }).click();
  await page.getByRole("button", { name: /^Data transformation/ }).click();
  await page.getByRole("link", { name: "Use this" }).click();
  await carry(
    page,
    page.getByRole("button", { name: "Wait", exact: true }),
    page.getByRole("button", { name: "Add a state between Start and Keep what is ordered" }),
  );
  acts += 4;
  await state(page, "Wait", "Wait").waitFor();
  await click("Create");
  await click("Create", page.getByRole("dialog"));
  await page.getByText("Saved", { exact: true }).waitFor();
  await click("Run");
  await click("Start execution", page.getByRole("dialog"));

  await page.getByLabel("Wait state Wait, succeeded").waitFor();
  await page.getByLabel("Pass state Sum up, succeeded").waitFor();
  expect(acts).toBeLessThanOrEqual(12);
});

test("what is carried onto an edge comes between its ends, in picture and text, and undo takes it back", async () => {
  const page = await file("carried.asl.yaml");

  await carry(
    page,
    page.getByRole("button", { name: "Wait", exact: true }),
    page.getByRole("button", { name: "Add a state between Check and Ship" }),
  );

  await state(page, "Wait", "Wait").waitFor();
  await save(page).click();
  await saved(page);
  expect(kept("carried.asl.yaml")).toBe(
    CHAIN.replace("Next: Ship # then", "Next: Wait # then").replace(
      "  # Sends it",
      "  Wait:\n    Type: Wait\n    Seconds: 5\n    Next: Ship\n\n  # Sends it",
    ),
  );

  await page.getByRole("button", { name: "Undo: Add Wait" }).click();
  await state(page, "Wait", "Wait").waitFor({ state: "detached" });
  await save(page).click();
  await saved(page);
  expect(kept("carried.asl.yaml")).toBe(CHAIN);
});

test("the end of an edge is pulled to another state, and a state is carried to another edge", async () => {
  const page = await file("pulled.asl.yaml");
  await state(page, "Pass", "Ship").hover();
  const edge = page.locator('.react-flow__edge[data-id="/States/Check/Next"]');

  await carry(page, edge.locator(".pull"), state(page, "Succeed", "Done"));
  await expect.poll(() => written(page)).toContain("Next: Done # then it goes");
  await page.keyboard.press("Control+z");

  await carry(
    page,
    state(page, "Pass", "Ship"),
    page.getByRole("button", { name: "Add a state between Start and Check" }),
  );
  await expect.poll(() => written(page)).toContain("StartAt: Ship");
});

test("all of it can be done without a mouse", async () => {
  const page = await file("keys.asl.yaml");
  await state(page, "Pass", "Check").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("F2");
  await page.keyboard.type("Send");
  await page.keyboard.press("Enter");
  await state(page, "Pass", "Send").waitFor();

  await state(page, "Pass", "Send").focus();
  await page.keyboard.press("a");
  await page.keyboard.type("paral");
  await page.keyboard.press("Enter");
  await state(page, "Parallel", "Parallel").focus();
  await page.keyboard.press("b");
  await state(page, "Pass", "Pass").waitFor();

  await state(page, "Pass", "Send").focus();
  await page.keyboard.press("w");
  await state(page, "Parallel", "Parallel 2").waitFor();
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Delete");
  await state(page, "Pass", "Send").waitFor({ state: "detached" });
  await expect.poll(() => written(page)).toContain("Next: Parallel # then it goes");
});

test("states are copied and pasted as text", async () => {
  const page = await file("copied.asl.yaml");
  await state(page, "Pass", "Ship").click();
  await page.keyboard.press("Control+c");
  await state(page, "Pass", "Check").click();
  await page.keyboard.press("Control+v");

  await state(page, "Pass", "Ship 2").waitFor();
  await expect.poll(() => written(page)).toContain("# Sends it");
});

test("a text that cannot be read keeps its picture and leads to where it is wrong; mended, the picture follows", async () => {
  const page = await file("broken.asl.yaml");
  await text(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("  More: [");

  await page.getByText(/Line \d+: .* The picture shows the text as it was before/).waitFor();
  await state(page, "Succeed", "Done").waitFor();
  expect(await page.getByRole("button", { name: "Wait", exact: true }).isDisabled()).toBe(true);

  await page.getByRole("button", { name: "Fields", exact: true }).click();
  await page.getByRole("button", { name: "1 error" }).click();
  await page.getByRole("list", { name: "Findings" }).getByRole("button").click();
  await page.locator(".cm-focused .cm-activeLine", { hasText: "More: [" }).waitFor();
  await page.keyboard.press("Control+End");

  for (const _ of "[ :erom") await page.keyboard.press("Backspace");
  await page.keyboard.type("Other:\n  Type: Fail\n");
  await state(page, "Fail", "Other").waitFor();
});

test("what is wrong stands on the state, in the text, and one click from its place", async () => {
  const page = await file("wrong.asl.yaml", CHAIN.replace("Next: Done", "Next: Gone"));

  await page.getByText("There is no state Gone").waitFor();
  await page.getByRole("button", { name: /^\d errors?/ }).click();
  await page.getByRole("list", { name: "Findings" }).getByText(/Gone/).first().click();

  await page.locator(".react-flow__node.selected").getByText("Ship").waitFor();
  await page.locator(".cm-lint-marker-error").first().waitFor();
});

test("unsaved text is there again after the page was loaded anew", async () => {
  const page = await file("draft.asl.yaml");
  await text(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# mine");
  await page.getByText("this browser keeps it").waitFor();
  await hasDraft(page, "# mine");

  await page.reload();

  await page.getByText(/as you left it/).waitFor();
  await expect.poll(() => written(page)).toContain("# mine");
});

test("what is typed over a chosen line takes its place", async () => {
  const page = await file("over.asl.yaml");
  await text(page).click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Shift+End");
  await page.keyboard.type("# Orders");

  await expect.poll(() => written(page)).toContain("# Orders\nStartAt: Check");
});

test("a new state machine that was left is there again, or is begun anew", async () => {
  const page = await here.visit(`${NAMESPACE}/new`);
  await state(page, "Pass", "Begin").waitFor();
  await text(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# mine");
  await hasDraft(page, "# mine");
  await page.reload();
  await page.getByText(/as you left it/).waitFor();

  await page.getByRole("button", { name: "Discard changes" }).click();

  await page.getByText("Not created yet").waitFor();
  expect(await written(page)).not.toContain("# mine");
});

test("nothing in the toolbar moves when something is not saved yet, on a screen 1,024 pixels wide", async () => {
  await here.server.create("steady", ORDER);
  const page = await here.visit(`${NAMESPACE}/machines/steady/edit`, { viewport: { width: 1024, height: 768 } });
  await state(page, "Choice", "IsLarge").click();
  const buttons = [/^Undo/, /^Test$/, /^Save$/, /^(Run|Save and run)$/].map((name) =>
    page.getByRole("button", { name }),
  );
  const places = () => Promise.all([page.locator(".studio-bar"), ...buttons].map((each) => each.boundingBox()));
  const before = await places();

  await page.keyboard.press("Delete");

  await page.getByRole("button", { name: "Discard changes" }).waitFor();
  expect(await places()).toEqual(before);
});

test("a state machine that was deleted meanwhile is created anew from what stands here", async () => {
  const arn = await here.server.create("deleted", ORDER);
  const page = await here.visit(`${NAMESPACE}/machines/deleted/edit`);
  await state(page, "Pass", "Ship").click();
  await page.keyboard.press("F2");
  await page.keyboard.type("Send");
  await page.keyboard.press("Enter");
  await state(page, "Pass", "Send").waitFor();
  await here.server.call("DeleteStateMachine", { stateMachineArn: arn });

  await page.keyboard.press("Control+s");
  await page.getByText("It was deleted elsewhere. Save again to create it anew.").waitFor();
  await page.keyboard.press("Control+s");
  await saved(page);

  const made = await here.server.call<{ definition: string }>("DescribeStateMachine", { stateMachineArn: arn });
  expect(JSON.parse(made.definition).States).toHaveProperty("Send");
});

test("what was typed outlives a login that ends while it is saved, and a right that is taken away", async () => {
  await here.server.create("outlives", ORDER);
  const page = await here.visit(`${NAMESPACE}/machines/outlives/edit`);
  const told = (change: (me: Me) => object) =>
    page.route("**/v1/me", async (route) => {
      const me = (await (await route.fetch()).json()) as Me;
      await route.fulfill({ json: { ...me, ...change(me) } });
    });
  await state(page, "Choice", "IsLarge").click();
  await page.keyboard.press("Delete");
  const refusal = { code: "LoginRequired", message: "Log in first" };
  await page.route("**/v1/aws/UpdateStateMachine**", (route) => route.fulfill({ status: 401, json: refusal }));
  await told(() => ({ person: null, login: "token", tenants: [] }));

  await save(page).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();

  await page.unrouteAll();
  const right = { UpdateStateMachine: { allowed: false, reason: "Ann has no right to it" } };
  await told(({ tenants }) => ({
    tenants: tenants.map((each) => ({ ...each, rights: { ...each.rights, ...right } })),
  }));
  // Nor to this machine alone.
  await page.route("**/v1/machines/*", (route) => route.fulfill({ json: {} }));
  await page.reload();
  await page.getByText("Read-only: Ann has no right to it").waitFor();
  expect(await save(page).count()).toBe(0);
  expect(await barriers(page)).toEqual([]);
  await page.waitForTimeout(600);

  await page.unrouteAll();
  await page.reload();
  await page.getByText(/as you left it/).waitFor();
  await state(page, "Choice", "IsLarge").waitFor({ state: "detached" });
});

test("two who change one machine lose nothing: what does not meet is put together", async () => {
  const arn = await here.server.create("shared", ORDER);
  const page = await here.visit(`${NAMESPACE}/machines/shared/edit`);
  await state(page, "Pass", "Ship").click();
  await page.keyboard.press("F2");
  await page.keyboard.type("Send");
  await page.keyboard.press("Enter");
  await state(page, "Pass", "Send").waitFor();
  const others = { ...ORDER, Comment: "Changed by somebody else" };
  await here.server.call("UpdateStateMachine", { stateMachineArn: arn, definition: JSON.stringify(others) });

  await save(page).click();
  const dialog = page.getByRole("dialog", { name: /changed elsewhere/ });
  await dialog.getByText(/the right side has both/).waitFor();
  await dialog.getByRole("textbox", { name: "What is stored now" }).getByText('"Ship"').first().waitFor();
  await dialog.getByRole("textbox", { name: "What will be saved" }).getByText('"Send"').first().waitFor();
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Save this" }).click();
  await saved(page);

  const { definition } = await here.server.call<{ definition: string }>("DescribeStateMachine", {
    stateMachineArn: arn,
  });
  expect(JSON.parse(definition)).toMatchObject({ Comment: others.Comment, States: { Send: { Type: "Pass" } } });
});

const config = async (page: Page): Promise<Locator> => {
  await page.getByRole("button", { name: "Config", exact: true }).click();
  return page.getByRole("region", { name: "Configuration" });
};
const OTHER_ROLE = "arn:aws:iam::123456789012:role/another";

test("what belongs to a state machine is set beside its text, outlives a reload, and is saved with it", async () => {
  const arn = await here.server.create("configured", ORDER);
  const page = await here.visit(`${NAMESPACE}/machines/configured/edit`);
  const panel = await config(page);
  await panel.getByRole("button", { name: /Nothing/ }).click();
  await page.getByRole("option", { name: /What fails/ }).click();
  await panel.getByRole("button", { name: "Add a tag" }).click();
  await page.keyboard.type("team");
  await page.keyboard.press("Tab");
  await page.keyboard.type("logistics");
  await panel.getByRole("textbox", { name: /^Role/ }).fill("nobody");

  await page.keyboard.press("Control+s");
  await page.getByText(/^Nothing was saved\. In Config: A role is written/).waitFor();
  expect(await barriers(page)).toEqual([]);

  await panel.getByRole("textbox", { name: /^Role/ }).fill(OTHER_ROLE);
  await page.keyboard.press("Tab");
  await page.waitForTimeout(600);
  await page.reload();
  await page.getByText(/as you left it/).waitFor();
  expect(await panel.getByRole("textbox", { name: "Value of tag 1" }).inputValue()).toBe("logistics");
  await save(page).click();
  await saved(page);

  expect(await here.server.call("DescribeStateMachine", { stateMachineArn: arn })).toMatchObject({
    definition: JSON.stringify(ORDER),
    roleArn: OTHER_ROLE,
    loggingConfiguration: { level: "ERROR", includeExecutionData: false },
  });
  const { tags } = await here.server.call<{ tags: object[] }>("ListTagsForResource", { resourceArn: arn });
  expect(tags).toEqual([{ key: "team", value: "logistics" }]);
});

test("two who configure one machine see what each has set, and whoever saves last chooses", async () => {
  const arn = await here.server.create("twice", ORDER);
  const page = await here.visit(`${NAMESPACE}/machines/twice/edit`);
  const panel = await config(page);
  await panel.getByText("Executions are traced").click();
  await panel.getByRole("textbox", { name: /^Role/ }).fill(`${OTHER_ROLE}-of-mine`);
  await here.server.call("UpdateStateMachine", { stateMachineArn: arn, roleArn: OTHER_ROLE });

  await page.keyboard.press("Control+s");
  const dialog = page.getByRole("dialog", { name: /changed elsewhere/ });
  const row = dialog.getByRole("row", { name: /^Role/ });
  await row.getByText(`${OTHER_ROLE}-of-mine`).waitFor();
  await row.getByRole("button", { name: "What is stored now" }).click();
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Save this" }).click();
  await saved(page);

  expect(await here.server.call("DescribeStateMachine", { stateMachineArn: arn })).toMatchObject({
    roleArn: OTHER_ROLE,
    tracingConfiguration: { enabled: true },
  });
});

test("a state machine that Git keeps is not saved here: what is changed is taken away as a patch", async () => {
  await here.server.create("managed", ORDER);
  const page = await here.visit(`${NAMESPACE}/machines`);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.route("**/v1/machines/*", (route) => route.fulfill({ json: { managedBy: "Argo CD (shop)" } }));
  await page.goto(page.url().replace(/machines$/, "machines/managed/edit"));
  await page.getByText(/^Argo CD \(shop\) keeps this state machine/).waitFor();
  await state(page, "Choice", "IsLarge").click();
  await page.keyboard.press("Delete");
  const panel = await config(page);
  await panel.getByText("Executions are traced").click();
  expect(await panel.getByRole("button", { name: "Add a tag" }).isDisabled()).toBe(true);

  await page.getByRole("button", { name: "Run what is stored" }).waitFor();
  await page.getByRole("button", { name: "Copy a patch" }).click();

  expect(await save(page).count()).toBe(0);
  const patch = JSON.parse(await page.evaluate("navigator.clipboard.readText()"));
  expect(patch).toContainEqual({ op: "remove", path: "/spec/definition/States/IsLarge" });
  expect(patch).toContainEqual({ op: "add", path: "/spec/tracing", value: { enabled: true } });
});

test("a file that was changed outside is not written over", async () => {
  const page = await file("outside.asl.yaml");
  await state(page, "Pass", "Ship").click();
  await page.keyboard.press("Delete");
  writeFileSync(join(folder, "outside.asl.yaml"), CHAIN.replace("from beginning to end", "changed in an editor"));

  await save(page).click();
  await page.getByRole("button", { name: "Save this" }).click();
  await saved(page);

  expect(kept("outside.asl.yaml")).toContain("changed in an editor");
  expect(kept("outside.asl.yaml")).not.toContain("Ship");
});

test("JSON has no comments: which are lost is said before anything is converted", async () => {
  const page = await file("converted.asl.yaml");
  await page.getByRole("button", { name: "JSON", exact: true }).click();

  const dialog = page.getByRole("dialog", { name: "Convert to JSON?" });
  await dialog.getByText("# Sends it").waitFor();
  await dialog.getByRole("button", { name: "Convert" }).click();
  await expect.poll(() => written(page)).toContain('"StartAt": "Check"');

  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Undo: Convert to JSON" }).click();
  await expect.poll(() => written(page)).toContain("# Sends it");
});

test.each([
  ["in light", { colorScheme: "light", viewport: { width: 1440, height: 900 } }],
  ["in dark", { colorScheme: "dark", viewport: { width: 1440, height: 900 } }],
  ["on a small screen", { viewport: { width: 320, height: 640 } }],
] as const)("Studio and its lists have no barriers %s", async (_, options) => {
  writeFileSync(join(folder, "barriers.asl.yaml"), CHAIN.replace("Next: Done", "Next: Gone"));
  for (const [path, sign] of [
    [`${NAMESPACE}/files/edit?path=barriers.asl.yaml`, "There is no state Gone"],
    [`${NAMESPACE}/files`, "barriers.asl.yaml"],
    ["blueprints", "Use this"],
  ] as const) {
    const page = await here.visit(path, options);
    await page.getByText(sign).first().waitFor();
    expect([path, ...(await barriers(page))]).toEqual([path]);
  }
});
