import { afterEach, expect, test, vi } from "vitest";
import { stopEach } from "./acts";

afterEach(() => vi.unstubAllGlobals());

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
const ARNS = Array.from({ length: 12 }, (_, number) => `arn:${number}`);

function answering(answer: (arn: string) => Response): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string, { body }: RequestInit) => {
    if (url.endsWith("/me")) return json(200, { token: "proof" });
    const { executionArn } = JSON.parse(String(body)) as { executionArn: string };
    asked.push(executionArn);
    return answer(executionArn);
  });
  return asked;
}

test("each is stopped, and of those that are not it is said why", async () => {
  const asked = answering((arn) =>
    arn === "arn:3" ? json(403, { code: "AccessDeniedException", message: "not yours" }) : json(200, {}),
  );
  const told: number[] = [];

  const refused = await stopEach(ARNS, "", (done) => told.push(done));

  expect(asked.toSorted()).toEqual(ARNS.toSorted());
  expect([...refused]).toEqual([["arn:3", "not yours"]]);
  expect(told.at(-1)).toBe(ARNS.length);
});

test("whose session has ended is not refused twelve times", async () => {
  const asked = answering(() => json(401, { code: "LoginRequired", message: "Log in first" }));

  await expect(stopEach(ARNS, "", () => undefined)).rejects.toThrow("Log in first");

  expect(asked.length).toBeLessThan(ARNS.length);
});
