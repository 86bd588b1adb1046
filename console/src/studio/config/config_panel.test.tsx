// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { Suspense } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { place } from "../../api/arns";
import type { Features } from "../../api/generated/console";
import { me } from "../../api/session";
import { type Config, newConfig } from "../../editing/config";
import { Session } from "../../editing/session";
import { SessionContext } from "../../editing/use_session";
import { ConfigPanel } from "./config_panel";

const HERE = place("123456789012", "us-east-1");
const ROLE = "arn:aws:iam::123456789012:role/stepwright";
const TEXT = "StartAt: A\nStates:\n  A: {Type: Succeed}\n";

vi.mock("../../shell/here", () => ({ useHere: () => ({ namespace: "shop", place: HERE, tenant: null }) }));

afterEach(cleanup);

function shown(config: Config, features: Features, managedBy: string | null = null): Session {
  const session = new Session({ text: TEXT, config });
  const queries = new QueryClient();
  queries.setQueryData(me.queryKey, {
    person: "ana",
    login: null,
    token: "",
    tenants: [],
    region: HERE.region,
    features,
    limits: { bodyBytes: 1 },
    version: "1",
  });
  render(
    <QueryClientProvider client={queries}>
      <SessionContext value={{ session, machine: null, wish: () => undefined }}>
        <Suspense>
          <ConfigPanel managedBy={managedBy} />
        </Suspense>
      </SessionContext>
    </QueryClientProvider>,
  );
  return session;
}

function type(label: RegExp, text: string): void {
  const field = screen.getByLabelText(label);
  fireEvent.change(field, { target: { value: text } });
  fireEvent.blur(field);
}

test("in a cluster a role is an account by its name, and why there is no Express is said", () => {
  const session = shown(newConfig("order", ROLE), { accounts: true });
  expect(screen.getByText("Not served in a cluster yet")).toBeTruthy();
  expect(screen.getByLabelText(/^Express/)).toHaveProperty("disabled", true);

  type(/^Account/, "ships");

  expect(session.snapshot().config?.roleArn).toBe("arn:aws:iam::123456789012:role/ships");
  expect(session.snapshot().undoes).toBe("Set Account");
});

test("without a cluster a role is what AWS calls so, and Express can be chosen", () => {
  const session = shown(newConfig("order", ROLE), { express: true });
  fireEvent.click(screen.getByLabelText(/^Express/));
  type(/^Role/, "nobody");

  expect(session.snapshot().config).toMatchObject({ type: "EXPRESS", roleArn: "nobody" });
  expect(screen.getByText(/^A role is written arn:aws:iam/)).toBeTruthy();
});

test("what is no number stays in the field, and is said", () => {
  const key = { type: "CUSTOMER_MANAGED_KMS_KEY", kmsKeyId: "alias/orders" };
  const session = shown({ ...newConfig("order", ROLE), encryptionConfiguration: key }, {});

  type(/^Seconds for which/, "soon");
  expect(screen.getByLabelText(/^Seconds for which/)).toHaveProperty("value", "soon");
  expect(screen.getByText("A number is expected.")).toBeTruthy();

  type(/^Seconds for which/, "61");
  expect(session.snapshot().config?.encryptionConfiguration.kmsDataKeyReusePeriodSeconds).toBe(61);
});

test("of what Git keeps only that can be changed which a patch can be sure to find", () => {
  const { name: _, ...config } = newConfig("order", ROLE);
  const session = shown(config, { accounts: true }, "Argo CD (shop)");
  fireEvent.click(screen.getByLabelText(/^Executions are traced/));

  expect(session.snapshot().config?.tracingConfiguration.enabled).toBe(true);
  expect(screen.getByText("Add a tag").closest("button")).toHaveProperty("disabled", true);
  expect(screen.getByText(/^Argo CD \(shop\) keeps this state machine/)).toBeTruthy();
});
