/** The pictures of README and docs: `make pictures` puts them into docs/pictures. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { test } from "vitest";
import { ORDER } from "./machines";
import { NAMESPACE, world } from "./world";

const here = world();
const SIZE = { width: 1280, height: 800 };
const FOLDER = process.env.PICTURES;

async function taken(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  if (FOLDER) mkdirSync(FOLDER, { recursive: true });
  await page.screenshot(FOLDER ? { path: join(FOLDER, `${name}.png`) } : {});
}

test("pictures of a workflow that is designed, run and looked into", async () => {
  const machine = await here.server.create("order-handling", ORDER);
  const runs = [
    { id: "order-7", total: 84 },
    { id: "order-8", total: 8400 },
  ].map(async (input) => here.server.ended(await here.server.begin(machine, input.id, input)));
  await Promise.all(runs);

  const studio = await here.visit(`${NAMESPACE}/machines/order-handling/edit`, { viewport: SIZE });
  await studio.locator(".state").first().waitFor();
  await studio.locator(".cm-content").waitFor();
  await taken(studio, "studio");

  const failed = await here.visit(`${NAMESPACE}/executions/order-handling/order-8`, { viewport: SIZE });
  await failed.getByRole("region", { name: "Why it failed" }).waitFor();
  await failed.locator(".state.Failed").first().click();
  await failed.getByRole("complementary", { name: "Selected state" }).getByRole("heading").first().waitFor();
  await taken(failed, "failed-execution");

  const bars = await here.visit(`${NAMESPACE}/executions/order-handling/order-7?view=timeline`, {
    viewport: SIZE,
    colorScheme: "dark",
  });
  await bars.getByText("ValidatePayment").first().waitFor();
  await taken(bars, "timeline");
});
