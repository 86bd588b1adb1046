/** @vitest-environment happy-dom */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, test } from "vitest";
import { ApiFailure } from "../../api/client";
import { type Config, newConfig } from "../../editing/config";
import { Session } from "../../editing/session";
import { Conflict, type Home, readable, type Stored } from "./home";
import { useSaving } from "./saving";

const TEXT = "StartAt: A\nStates:\n  A: {Type: Succeed}\n";
const changed = TEXT.replaceAll("A", "B");

function opened(write: Home["write"]) {
  const session = new Session({ text: TEXT });
  session.replace("Change it", changed);
  return { session, result: saving({ format: "yaml", write }, session, { text: TEXT, tag: "1" }) };
}

function saving(part: Pick<Home, "format" | "write">, session: Session, base: Stored) {
  const home: Home = { key: "x", read: () => Promise.resolve(null), ...part };
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={new QueryClient()}>{children}</QueryClientProvider>
  );
  return renderHook(() => useSaving(home, session, base), { wrapper }).result;
}

/** A state machine that was opened, and what is written of it. */
function begun(base: Stored) {
  const { config = null } = base;
  const session = new Session({ text: readable(base.text), config });
  const written: [string, Config | null][] = [];
  const write: Home["write"] = (text, _, given) => {
    written.push([text, given]);
    return Promise.resolve({ text, tag: "2", ...(given && { config: given }) });
  };
  return { session, written, result: saving({ format: session.snapshot().format, write }, session, base) };
}

test("what is typed while it is saved is not saved yet", async () => {
  const { session, result } = opened(async (text) => {
    session.replace("Type on", `${changed}# more\n`);
    return { text, tag: "2" };
  });

  await act(() => result.current.save());

  expect(result.current.base).toEqual({ text: changed, tag: "2" });
  expect(session.snapshot().isDirty).toBe(true);
});

test("a text that nobody has changed is saved as it was written, and what belongs to it as it is now", async () => {
  const line = '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}';
  const config = newConfig("order", "arn:aws:iam::123456789012:role/any");
  const traced = { ...config, tracingConfiguration: { enabled: true } };
  const { session, result, written } = begun({ text: line, tag: "1", config });
  session.configure("Set tracing", traced);

  await act(() => result.current.save());

  expect(written).toEqual([[line, traced]]);
  expect(session.snapshot().isDirty).toBe(false);
});

test("what cannot be is not sent, and why is said", async () => {
  const config = newConfig("order", "arn:aws:iam::123456789012:role/any");
  const { session, result, written } = begun({ text: TEXT, tag: "1", config });
  session.configure("Set tags", { ...config, tags: [{ key: "", value: "7" }] });

  await act(() => result.current.save());

  expect(written).toEqual([]);
  expect(session.snapshot()).toMatchObject({
    isDirty: true,
    notice: { text: "Nothing was saved. In Config: Each tag needs a key." },
  });
});

test("what others have written is shown, and nothing is written over", async () => {
  const theirs: Stored = { text: `${TEXT}# theirs\n`, tag: "2" };
  const { session, result } = opened((_, base) => {
    if (base.tag !== "2") throw new Conflict(theirs);
    return Promise.resolve({ text: changed, tag: "3" });
  });

  await act(() => result.current.save());
  expect(result.current.theirs).toBe(theirs);
  expect(session.snapshot().isDirty).toBe(true);

  await act(() => result.current.save(theirs));
  expect(result.current.theirs).toBeNull();
  expect(session.snapshot().isDirty).toBe(false);
});

test("what was deleted elsewhere is written anew by saving once more", async () => {
  const { session, result } = opened((text, base) => {
    if (base.tag !== null) throw new Conflict(null);
    return Promise.resolve({ text, tag: "2" });
  });

  await act(() => result.current.save());
  expect(session.snapshot().notice?.text).toContain("deleted elsewhere");

  await act(() => result.current.save());
  expect(session.snapshot().isDirty).toBe(false);
});

test.each([
  [0, "Failed to fetch", "The server does not answer, so nothing was saved."],
  [
    401,
    "Log in first: there is no session, or it has ended",
    "Your session has ended, so nothing was saved. Log in again in another tab",
  ],
  [403, "Ann may not", "Ann may not"],
])("why it is not saved (%i) is said to a person", async (status, message, told) => {
  // This environment has no database for drafts, as a private window may have none: the page cannot give way to a login.
  const { session, result } = opened(() => Promise.reject(new ApiFailure(status, "X", message)));

  await act(() => result.current.save());

  expect(session.snapshot().notice?.text).toContain(told);
  expect(session.snapshot().isDirty).toBe(true);
});
