// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { Suspense } from "react";
import { expect, test, vi } from "vitest";
import { ana, forgetAfterEach, json, visit } from "../../../tests/unit/shown";
import type { Machines } from "../../api/generated/console";
import { Loading } from "../../shell/broken";
import { Start } from "./start";

forgetAfterEach();

/** `refused`: which requests are. */
function open(refused: RegExp | null, machines: Machines = { count: 1, unready: [] }) {
  vi.stubGlobal("fetch", async (url: string) => {
    if (url.endsWith("/me")) return json(200, ana());
    if (refused?.test(url)) return json(403, { code: "AccessDeniedException", message: `refused: ${url}` });
    return json(200, url.includes("/machines") ? machines : { rows: [] });
  });
  visit("/shop/start", {
    "/$namespace/start": () => (
      <Suspense fallback={<Loading />}>
        <Start />
      </Suspense>
    ),
  });
}

test("whoever may not list executions is told so, and waits for nothing", async () => {
  open(/\/executions/);

  await screen.findByText("You may not look at this");
});

test("whoever may not list state machines sees executions all the same", async () => {
  open(/machines/);

  await screen.findByText("Nothing is running.");
});

test("where all state machines are well nothing is said of them", async () => {
  open(null);

  await screen.findByText("Nothing is running.");
  expect(screen.queryByText(/not ready/)).toBeNull();
});

test("state machines that are not ready are listed with their reason, each a click from its place", async () => {
  const arn = (name: string) => `arn:aws:states:here:111111111110:stateMachine:${name}`;
  const broken = {
    reason: "InvalidDefinition",
    message: "There is no state Gone",
    since: 0,
    pointer: "/States/Ship/Next",
  };
  const unseen = { reason: "NotChecked", message: "No operator has checked it yet", since: 0 };
  open(null, {
    count: 3,
    unready: [
      { arn: arn("order"), name: "order", unready: broken },
      { arn: arn("other"), name: "other", unready: unseen },
    ],
  });

  const list = await screen.findByRole("region", { name: "State machines that are not ready" });
  expect(list.textContent).toContain("invalid definition");
  expect(list.textContent).toContain("There is no state Gone");
  const links = [...list.querySelectorAll("a")].map((link) => link.getAttribute("href"));
  expect(links).toEqual([
    "/console/shop/machines/order/edit?at=%2FStates%2FShip%2FNext",
    "/console/shop/machines/other",
  ]);
});
