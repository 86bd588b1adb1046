/** What happens on the server, as it happens: one stream for a page, opened again whenever it ends. */
import { ApiFailure, stream } from "./client";
import { type Frame, frames } from "./frames";
import type { ByeFrame } from "./generated/console";

/**
 * How a page stands to what happens. `live`: what it shows is as new as the server's. `lost`: the stream was there and is
 * being opened again. `asking`: there is none, so that the page has to ask; something between holds streams back, or the
 * server has none for this. `out`: one has to log in first.
 */
export type Link = "opening" | "live" | "lost" | "asking" | "out";

export interface Listener {
  /** Called one after the other. */
  hear: (frame: Frame) => void | Promise<void>;
  link: (link: Link) => void;
}

const FIRST_MILLIS = 5_000;
/** Of silence: the server says something every 15 seconds. */
const SILENT_MILLIS = 40_000;
const HIDDEN_MILLIS = 30_000;
const SOONEST_MILLIS = 1_000;
const LATEST_MILLIS = 30_000;
/** Until a stream is tried again where none came through. */
const ASKING_MILLIS = 60_000;

/** `watch`: as `v1/stream` has it. Returns what ends it. */
export function listen(watch: string, listener: Listener): () => void {
  const over = new AbortController();
  void new Listening(watch, listener, over.signal).run();
  return () => over.abort();
}

class Listening {
  private failures = 0;
  private hasHeard = false;

  constructor(
    private readonly watch: string,
    private readonly listener: Listener,
    private readonly over: AbortSignal,
  ) {}

  async run(): Promise<void> {
    while (!this.over.aborted) {
      await visible(this.over);
      this.hasHeard = false;
      const ended = await this.once().catch((error: unknown) => this.after(error));
      if (ended === "again") continue;
      if (this.over.aborted) return;
      this.listener.link(ended.link);
      if (ended.wait === null) return;
      await pause(ended.wait, this.over);
    }
  }

  /** One stream to its end. */
  private async once(): Promise<"again" | Ended> {
    const given = new AbortController();
    const stop = () => given.abort();
    const unwatch = whenHidden(HIDDEN_MILLIS, stop);
    let timer = setTimeout(stop, FIRST_MILLIS);
    this.over.addEventListener("abort", stop);
    try {
      const bytes = await stream("stream", { watch: this.watch }, given.signal);
      const reader = bytes.getReader();
      const [text, read] = [new TextDecoder(), frames()];
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        clearTimeout(timer);
        timer = setTimeout(stop, SILENT_MILLIS);
        for (const frame of read(text.decode(piece.value, { stream: true }))) {
          if (frame.name === "bye") return this.bye(JSON.parse(frame.data) as ByeFrame);
          await this.listener.hear(frame);
          this.heard();
        }
      }
      return this.failed();
    } catch (error) {
      if (given.signal.aborted && document.hidden) return "again";
      throw error;
    } finally {
      clearTimeout(timer);
      unwatch();
      this.over.removeEventListener("abort", stop);
      given.abort();
    }
  }

  private heard(): void {
    if (this.hasHeard) return;
    this.hasHeard = true;
    this.failures = 0;
    this.listener.link("live");
  }

  private bye({ reason }: ByeFrame): "again" | Ended {
    return reason === "again" ? "again" : { link: "out", wait: null };
  }

  private after(error: unknown): Ended {
    const isOwn = error instanceof ApiFailure;
    if (isOwn && error.status === 401) return { link: "out", wait: null };
    if (isOwn && error.status >= 400 && error.status < 500) return { link: "asking", wait: null };
    if (isOwn && error.code === "TooManyStreams") return { link: "asking", wait: ASKING_MILLIS };
    // It was let in, and nothing came through.
    if (!isOwn && !this.hasHeard) return { link: "asking", wait: ASKING_MILLIS };
    return this.failed();
  }

  private failed(): Ended {
    const most = Math.min(LATEST_MILLIS, SOONEST_MILLIS * 2 ** this.failures);
    this.failures += 1;
    return { link: "lost", wait: most * (0.5 + Math.random() / 2) };
  }
}

/** `wait`: milliseconds until it is opened again; null: never. */
interface Ended {
  link: Link;
  wait: number | null;
}

/** Shorter where the network comes back before. */
const pause = (millis: number, over: AbortSignal) =>
  new Promise<void>((done) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      over.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, millis);
    addEventListener("online", end);
    over.addEventListener("abort", end);
  });

const visible = (over: AbortSignal) =>
  new Promise<void>((done) => {
    const look = () => {
      if (document.hidden && !over.aborted) return;
      document.removeEventListener("visibilitychange", look);
      done();
    };
    document.addEventListener("visibilitychange", look);
    over.addEventListener("abort", look);
    look();
  });

/** Acts once nobody has seen the page for so long. Returns what ends it. */
function whenHidden(millis: number, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(act, millis);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}
