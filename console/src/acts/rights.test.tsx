// @vitest-environment happy-dom
import { screen } from "@testing-library/react";
import { Suspense } from "react";
import { test, vi } from "vitest";
import { ana, forgetAfterEach, json, visit } from "../../tests/unit/shown";
import { useRight } from "./rights";

forgetAfterEach();

const rights = { StartExecution: { allowed: false, reason: "You may not do this in shop" } };

function Button({ machine }: { machine: string }) {
  const { disabled, disabledReason } = useRight("StartExecution", machine);
  return <p>{`${machine}: ${disabled ? disabledReason : "may"}`}</p>;
}

test("who may start one state machine alone may do so where it is shown, and is told why not elsewhere", async () => {
  vi.stubGlobal("fetch", async (url: string) => {
    if (url.endsWith("/me")) return json(200, ana(rights));
    return json(200, url.endsWith("/order") ? { may: ["StartExecution"] } : {});
  });
  visit("/shop/machines", {
    "/$namespace/machines": () => (
      <Suspense>
        <Button machine="order" />
        <Button machine="refund" />
      </Suspense>
    ),
  });

  await screen.findByText("order: may");
  await screen.findByText("refund: You may not do this in shop");
});
