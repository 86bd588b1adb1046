import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { barriers } from "./browser";
import { ORDER } from "./machines";
import { NAMESPACE, world } from "./world";

const here = world();
let made: Promise<string> | undefined;

/** Studio with the order, of which one execution is recorded. */
async function studio(): Promise<Page> {
  made ??= (async () => {
    const machine = await here.server.create("forms", ORDER);
    await here.server.ended(await here.server.begin(machine, "recorded", { total: 84, id: "A-1" }));
    return machine;
  })();
  await made;
  return here.visit(`${NAMESPACE}/machines/forms/edit`);
}

const form = (page: Page, name: string) => page.getByRole("region", { name: `Fields of ${name}` });
const choose = (page: Page, name: string) =>
  page
    .getByLabel(new RegExp(`state ${name}\\b`))
    .first()
    .click();

test("a field is set in the form, the text has it, and it is saved by a key; what is missing is one click away", async () => {
  const page = await studio();
  await choose(page, "AskSomebody");
  const fields = form(page, "AskSomebody");

  await fields.getByRole("button", { name: "+ Time limit" }).click();
  await page.keyboard.type("60");
  await page.keyboard.press("Control+s");

  await page.locator(".cm-content", { hasText: '"TimeoutSeconds": 60' }).first().waitFor();
  await page.getByText("Saved", { exact: true }).waitFor();
  expect(await barriers(page)).toEqual([]);
});

const WAYS = {
  StartAt: "Which",
  States: {
    Which: {
      Type: "Choice",
      Choices: [
        { Variable: "$.total", NumericGreaterThan: 1000, Next: "Ask" },
        { Variable: "$.total", NumericGreaterThan: 500, Next: "Ship" },
        { Variable: "$.kind", StringEquals: "gift", Next: "Wrap" },
      ],
      Default: "Ship",
    },
    Ask: { Type: "Succeed" },
    Ship: { Type: "Succeed" },
    Wrap: { Type: "Succeed" },
  },
};

test("a rule is carried to another place, or goes there by keys, and undo takes back each move", async () => {
  await here.server.create("ways", WAYS);
  const page = await here.visit(`${NAMESPACE}/machines/ways/edit`);
  await choose(page, "Which");
  const fields = form(page, "Which");
  const rules = () => fields.locator(".entries strong").allTextContents();
  const [large, middle, gift] = ["$.total > 1000", "$.total > 500", '$.kind == "gift"'] as const;
  const grip = (rule: string) => fields.getByRole("button", { name: `Move to another place: ${rule}` });
  const top = async (rule: string) => {
    const box = await grip(rule).boundingBox();
    if (!box) throw new Error("it is not in sight");
    return [box.x + 8, box.y + 2] as const;
  };

  await grip(gift).hover();
  await page.mouse.down();
  const [x, y] = await top(gift);
  await page.mouse.move(x, y - 12, { steps: 3 });
  // While it is carried the rules are their heads alone.
  await fields.locator(".condition").first().waitFor({ state: "hidden" });
  await grip(large).scrollIntoViewIfNeeded();
  await page.mouse.move(...(await top(large)), { steps: 6 });
  await page.mouse.up();
  await expect.poll(rules).toEqual([gift, large, middle]);

  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect.poll(rules).toEqual([large, middle, gift]);
  expect(await barriers(page)).toEqual([]);

  const undo = page.getByRole("button", { name: "Undo: Reorder Rules of Which" });
  for (const order of [
    [large, gift, middle],
    [gift, large, middle],
    [large, middle, gift],
  ]) {
    await undo.click();
    await expect.poll(rules).toEqual(order);
  }
  expect(await page.getByRole("button", { name: "Save", exact: true }).isDisabled()).toBe(true);
});

test("an expression offers what was recorded, and shows what it gives", async () => {
  const page = await studio();
  await choose(page, "Ship");
  const value = form(page, "Ship").getByRole("textbox", { name: "Value of tracking" });
  await value.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("$.");

  await page.getByRole("option", { name: /\$\.total/ }).click();

  await form(page, "Ship").getByText("84").waitFor();
  expect(await barriers(page)).toEqual([]);
});

test("parameters of what a task calls are offered by name", async () => {
  const page = await studio();
  await choose(page, "AskSomebody");

  await form(page, "AskSomebody").getByRole("button", { name: "+ image", exact: true }).click();

  await form(page, "AskSomebody").getByRole("textbox", { name: "Name: image" }).waitFor();
});

test("the outline shows the same, goes by arrows, and moves and renames a state", async () => {
  const page = await studio();
  await page.getByRole("button", { name: "Outline" }).click();
  const tree = page.getByRole("tree", { name: "Outline of the workflow" });
  await tree.getByRole("treeitem", { name: /^CheckOrder/ }).click();
  expect(await barriers(page)).toEqual([]);

  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await form(page, "ValidatePayment").waitFor();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("End");
  await form(page, "Rejected").waitFor();
  await page.keyboard.press("ControlOrMeta+Shift+ArrowUp");

  const names = () => tree.locator("[role=treeitem][aria-level='1'] strong").allTextContents();
  await expect.poll(names).toEqual(["CheckOrder", "IsLarge", "AskSomebody", "Rejected", "Ship"]);

  await page.keyboard.press("F2");
  await page.keyboard.type("Refused");
  await page.keyboard.press("Enter");
  await expect.poll(names).toContain("Refused");
});

test("a state is tried on an input, and the next one on what came out", async () => {
  const page = await studio();
  await choose(page, "IsLarge");
  await page.getByRole("button", { name: "Test", exact: true }).click();
  const drawer = page.getByRole("region", { name: "Test" });
  await drawer.getByRole("textbox", { name: "Input" }).click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type('{"total": 84, "id": "B-2"');
  await page.keyboard.press("ControlOrMeta+Enter");
  // Braces that are typed are not closed: what is no JSON is not tried.
  await drawer.getByText("the closing brace").first().waitFor();
  await page.keyboard.type("}");
  await page.keyboard.press("ControlOrMeta+Enter");

  await drawer.getByRole("button", { name: "Go on with Ship" }).click();
  await drawer.getByRole("button", { name: "Try this state" }).click();

  await drawer.getByRole("region", { name: "Result" }).getByText("SW-B-2").first().waitFor();
  expect(await barriers(page)).toEqual([]);
});

test("the machine is run from its page, and the picture shows how it goes", async () => {
  const page = await studio();
  await page.getByRole("button", { name: "Test", exact: true }).click();
  const drawer = page.getByRole("region", { name: "Test" });
  await drawer.getByRole("textbox", { name: "Input" }).click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type('{"total": 84, "id": "C-3"}');
  await page.keyboard.press("ControlOrMeta+Enter");

  await drawer.getByText("Succeeded").waitFor();
  await page.locator(".state.Succeeded", { hasText: "Ship" }).waitFor();
});

test("a state becomes JSONata by its form", async () => {
  const page = await studio();
  await choose(page, "Ship");
  const fields = form(page, "Ship");
  await fields.getByRole("button", { name: "+ Query language" }).click();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("option", { name: "JSONata" }).click();

  await page.locator(".cm-content", { hasText: "$states.input" }).first().waitFor();
  await fields.getByRole("textbox", { name: "Output" }).waitFor();
});
