// @vitest-environment happy-dom
import { cleanup, renderHook, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { remember } from "../../api/client";
import { useLog } from "./use_log";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const lines = (...texts: string[]) =>
  `event: lines\ndata: ${JSON.stringify({ rows: texts.map((text) => [1_000, text]) })}\n\n`;
const end = (reason: string, message = "") => `event: end\ndata: ${JSON.stringify({ reason, message })}\n\n`;

/** A server that gives these answers, one after the other, and what it was asked. */
function serving(...answers: string[]): URL[] {
  const asked: URL[] = [];
  remember("proof");
  vi.stubGlobal("fetch", async (url: string, { headers }: RequestInit) => {
    expect(headers).toEqual({ "X-Stepwright-Console": "proof" });
    asked.push(new URL(url, "http://here"));
    return new Response(answers[asked.length - 1] ?? end("denied", "no more answers"));
  });
  return asked;
}

const log = (follow: boolean) => renderHook(() => useLog("arn", 7, { source: "9/main", tail: 200, follow }));

test("lines come as they are reported, and why there are no more is said", async () => {
  const asked = serving(lines("one") + lines("two", "three") + end("complete", "This is all."));

  const { result } = log(false);

  await waitFor(() => expect(result.current.isOpen).toBe(false));
  expect(result.current.ring.lines.map(({ text }) => text)).toEqual(["one", "two", "three"]);
  expect(result.current.said).toBe("This is all.");
  expect(asked[0]?.pathname).toBe("/console/api/v1/executions/arn/visits/7/logs/9%2Fmain");
  expect(asked[0]?.search).toBe("?tail=200");
});

test("a log that is followed is opened again where an answer ends before it, and no line is there twice", async () => {
  const asked = serving(lines("one", "two") + end("more"), lines("one", "two", "three") + end("complete"));

  const { result } = log(true);

  await waitFor(() => expect(result.current.isOpen).toBe(false), { timeout: 20_000 });
  expect(result.current.ring.lines.map(({ text }) => text)).toEqual(["one", "two", "three"]);
  expect(asked.map(({ search }) => search)).toEqual(["?tail=200&follow=1", "?tail=5000&follow=1"]);
});

test("what the server refuses is said, and not asked for again", async () => {
  const asked = serving(end("denied", "You may not read logs here."));

  const { result } = log(true);

  await waitFor(() => expect(result.current.isOpen).toBe(false));
  expect(result.current.said).toBe("You may not read logs here.");
  expect(asked).toHaveLength(1);
});

test("whoever goes elsewhere ends what is read", async () => {
  const signals: AbortSignal[] = [];
  remember("proof");
  vi.stubGlobal("fetch", async (_: string, { signal }: RequestInit) => {
    if (signal) signals.push(signal);
    return new Response(new ReadableStream());
  });
  const { unmount } = log(true);
  await waitFor(() => expect(signals).toHaveLength(1));

  unmount();

  expect(signals[0]?.aborted).toBe(true);
});
