import { afterEach, expect, test, vi } from "vitest";
import { ApiFailure, address, get, perform } from "./client";

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
const serve = (answer: (url: string, how: RequestInit) => Response | Promise<Response>) => {
  const asked = vi.fn((url: string, how: RequestInit = {}) => Promise.resolve(answer(url, how)));
  vi.stubGlobal("fetch", asked);
  return asked;
};

afterEach(() => vi.unstubAllGlobals());

test("parameters that are not given stand in no address", () => {
  expect(address("executions", { status: "FAILED", machine: undefined, limit: 5 })).toBe(
    "/console/api/v1/executions?status=FAILED&limit=5",
  );
});

test("a refusal is shown in the server's words", async () => {
  serve(() => json(400, { code: "ExecutionDoesNotExist", message: "Execution Does Not Exist: 'x'" }));

  const failure = await get("executions/x").catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(ApiFailure);
  expect(failure).toMatchObject({
    status: 400,
    code: "ExecutionDoesNotExist",
    message: "Execution Does Not Exist: 'x'",
  });
});

test("an answer of something between is not a riddle", async () => {
  serve(() => new Response("<html>Bad Gateway</html>", { status: 502 }));

  await expect(get("me")).rejects.toThrow("The server answered 502: <html>Bad Gateway</html>");
});

test("a server that does not answer is distinguished from one that refuses", async () => {
  serve(() => {
    throw new TypeError("Failed to fetch");
  });

  await expect(get("me")).rejects.toMatchObject({ status: 0, code: "Unreachable" });
});

test("a server that was started anew is asked for its new proof, once", async () => {
  const proofs = ["old", "new"];
  const asked = serve((url, how) => {
    if (url.endsWith("/me")) return json(200, { token: proofs.shift() });
    const { "X-Stepwright-Console": sent } = how.headers as Record<string, string>;
    return sent === "new" ? json(200, { done: true }) : json(403, { code: "StaleToken", message: "ask again" });
  });

  expect(await perform("ListStateMachines", {})).toEqual({ done: true });
  expect(asked.mock.calls.map(([url]) => url.replace("/console/api/v1/", ""))).toEqual([
    "me",
    "aws/ListStateMachines",
    "me",
    "aws/ListStateMachines",
  ]);
});

test("an operation is asked for where the page is", async () => {
  vi.stubGlobal("location", { pathname: "/console/shop/machines" });
  const asked = serve((url) => json(200, url.endsWith("/me") ? { token: "new" } : { done: true }));

  await perform("ListStateMachines", {});

  expect(asked.mock.calls.at(-1)?.[0]).toBe("/console/api/v1/aws/ListStateMachines?ns=shop");
});
