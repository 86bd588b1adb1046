import { QueryClient } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import type { Me } from "./generated/console";

afterEach(() => vi.unstubAllGlobals());

/** What a page calls things that its browser keeps. It was just loaded, for this person. */
async function namesOf(person: string, login: Me["login"]): Promise<(name: string) => string> {
  vi.resetModules();
  const { me, own } = await import("./session");
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ person, login, token: "proof", tenants: [] })));
  await new QueryClient().fetchQuery(me);
  return own;
}

test("what a browser keeps of one who has logged in it keeps apart from what it keeps of another", async () => {
  const ana = await namesOf("ana", "oidc");
  const ben = await namesOf("ben", "oidc");

  expect(ben("draft")).not.toBe(ana("draft"));
  expect(ana("other draft")).not.toBe(ana("draft"));
  expect((await namesOf("ana", "oidc"))("draft")).toBe(ana("draft"));
});

test("where nobody has to log in a thing has its own name", async () => {
  expect((await namesOf("an access key", null))("draft")).toBe("draft");
});
