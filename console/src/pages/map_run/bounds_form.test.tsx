// @vitest-environment happy-dom
import { fireEvent, screen } from "@testing-library/react";
import { Suspense } from "react";
import { expect, test, vi } from "vitest";
import { ana, forgetAfterEach, json, visit } from "../../../tests/unit/shown";
import type { MapRun } from "../../api/map_runs";
import { BoundsForm } from "./bounds_form";

forgetAfterEach();

const COUNTS = { total: 2, pending: 1, running: 1, succeeded: 0, failed: 0, aborted: 0 };
const RUN = {
  mapRunArn: "arn:aws:states:here:111111111110:mapRun:orders/Each:1",
  executionArn: "arn:aws:states:here:111111111110:execution:orders:1",
  status: "RUNNING",
  startDate: 0,
  maxConcurrency: 5,
  toleratedFailureCount: 0,
  toleratedFailurePercentage: 0,
  itemCounts: COUNTS,
  executionCounts: COUNTS,
} as MapRun;

test("bounds that were typed before a session ended can be saved after a new login, which alone was refused", async () => {
  const answers = [json(401, { code: "LoginRequired", message: "Log in first" }), json(200, {})];
  vi.stubGlobal("fetch", async (url: string) =>
    url.endsWith("/me") ? json(200, ana()) : (answers.shift() ?? json(500, {})),
  );
  visit("/shop/run", {
    "/$namespace/run": () => (
      <Suspense>
        <BoundsForm run={RUN} />
      </Suspense>
    ),
  });
  const field = await screen.findByLabelText("Most at once");
  fireEvent.change(field, { target: { value: "7" } });
  const save = () => screen.getByRole("button", { name: "Save" });

  fireEvent.click(save());
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  await vi.waitFor(() => expect(save().getAttribute("aria-disabled")).not.toBe("true"));

  expect(screen.queryByText("Log in first")).toBeNull();
  expect(field).toHaveProperty("value", "7");

  fireEvent.click(save());
  await screen.findByText("Saved. It applies from now on.");
});
