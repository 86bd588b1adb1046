import { beforeEach, expect, test, vi } from "vitest";
import { askAhead } from "./ahead";
import { queries } from "./api/queries";

const ARN = "arn:aws:states:us-east-1:123456789012:execution:orders:a b/c";
const ME = {
  person: "dana",
  token: "t",
  tenants: [{ name: "shop", account: "123456789012", rights: {} }],
  region: "us-east-1",
};

const asked: string[] = [];

function answering(answers: Record<string, unknown>) {
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(String(url));
    const [, answer] = Object.entries(answers).find(([end]) => String(url).endsWith(end)) ?? [];
    return answer === undefined ? new Response("{}", { status: 404 }) : Response.json(answer);
  });
}

beforeEach(() => {
  queries.clear();
  asked.length = 0;
});

test("what the page of an execution needs is there before the page asks", async () => {
  answering({
    me: ME,
    tallies: { tallies: {} },
    definition: { text: "{}" },
    [encodeURIComponent(ARN)]: { revision: "r1" },
  });

  await askAhead("/console/shop/executions/orders/a%20b%2Fc");

  expect(queries.getQueryData(["execution", ARN])).toEqual({ revision: "r1" });
  expect(queries.getQueryData(["definition", ARN, "r1"])).toEqual({ text: "{}" });
  expect(queries.getQueryData(["tallies", ARN])).toEqual({ tallies: {} });
});

test("nothing is asked ahead of a login", async () => {
  answering({ me: { ...ME, person: null } });
  await askAhead("/console/shop/executions/orders/one");
  expect(asked).toHaveLength(1);
});

test.each(["/console/shop/executions/orders/%E0%A4%A", "/console/shop/executions/orders/gone"])(
  "what cannot be had at %s is left to the page",
  async (address) => {
    answering({ me: ME });
    await expect(askAhead(address)).resolves.toBeUndefined();
  },
);
