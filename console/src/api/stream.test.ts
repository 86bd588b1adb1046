// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiFailure, stream } from "./client";
import { type Link, listen } from "./stream";

vi.mock("./client", async (original) => ({ ...(await original<object>()), stream: vi.fn() }));

/** A stream that a test writes. */
class Sent {
  private writer: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly body = new ReadableStream<Uint8Array>({
    start: (writer) => {
      this.writer = writer;
    },
  });

  say(text: string): void {
    this.writer?.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this.writer?.close();
  }
}

const READY = 'event: ready\ndata: {"watches":1}\n\n';
let opened: Sent[];
let links: Link[];
let heard: string[];
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  vi.mocked(stream).mockReset();
  [opened, links, heard, end] = [[], [], [], () => {}];
  vi.mocked(stream).mockImplementation(async () => {
    const sent = new Sent();
    opened.push(sent);
    return sent.body;
  });
});

afterEach(() => {
  end();
  vi.useRealTimers();
});

function begin(): void {
  end = listen("execution:arn", {
    hear: ({ name }) => void heard.push(name),
    link: (link) => void links.push(link),
  });
}

test("what is reported is heard, and the page is live from then on", async () => {
  begin();
  await vi.waitFor(() => expect(opened).toHaveLength(1));
  expect(vi.mocked(stream).mock.calls[0]?.slice(0, 2)).toEqual(["stream", { watch: "execution:arn" }]);

  opened[0]?.say(READY);

  await vi.waitFor(() => expect(links).toEqual(["live"]));
  expect(heard).toEqual(["ready"]);
});

test("a stream that ends is opened again after a while, ever more seldom", async () => {
  begin();
  await vi.waitFor(() => expect(opened).toHaveLength(1));
  opened[0]?.say(READY);
  await vi.waitFor(() => expect(links).toEqual(["live"]));
  vi.mocked(stream).mockRejectedValue(new ApiFailure(0, "Unreachable", "gone"));

  opened[0]?.end();

  await vi.waitFor(() => expect(links).toEqual(["live", "lost"]));
  const before = vi.mocked(stream).mock.calls.length;
  await vi.advanceTimersByTimeAsync(60_000);
  const tries = vi.mocked(stream).mock.calls.length - before;
  expect(tries).toBeGreaterThan(3);
  expect(tries).toBeLessThan(12);
});

test("a server that says it is time to begin again loses nobody", async () => {
  begin();
  await vi.waitFor(() => expect(opened).toHaveLength(1));
  opened[0]?.say(READY);
  opened[0]?.say('event: bye\ndata: {"reason":"again"}\n\n');

  await vi.waitFor(() => expect(opened).toHaveLength(2));
  expect(links).toEqual(["live"]);
});

test("where the session has ended one has to log in", async () => {
  begin();
  await vi.waitFor(() => expect(opened).toHaveLength(1));
  opened[0]?.say('event: bye\ndata: {"reason":"login"}\n\n');

  await vi.waitFor(() => expect(links).toEqual(["out"]));
});

test("where something between holds the stream back, the page asks, and tries again later", async () => {
  vi.mocked(stream).mockImplementation(
    (_path, _parameters, signal) =>
      new Promise((_, fail) => signal.addEventListener("abort", () => fail(new DOMException("", "AbortError")))),
  );
  begin();

  await vi.advanceTimersByTimeAsync(6_000);
  expect(links).toEqual(["asking"]);
  const before = vi.mocked(stream).mock.calls.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(vi.mocked(stream).mock.calls.length).toBe(before + 1);
});

test("what cannot be watched is asked for instead, and nothing is tried again", async () => {
  vi.mocked(stream).mockRejectedValue(new ApiFailure(400, "ValidationException", "no"));
  begin();

  await vi.advanceTimersByTimeAsync(120_000);

  expect(links).toEqual(["asking"]);
  expect(vi.mocked(stream).mock.calls.length).toBe(1);
});

test("a page that nobody sees has no stream", async () => {
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  begin();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(opened).toEqual([]);

  hidden.mockReturnValue(false);
  document.dispatchEvent(new Event("visibilitychange"));

  await vi.waitFor(() => expect(opened).toHaveLength(1));
  hidden.mockRestore();
});
