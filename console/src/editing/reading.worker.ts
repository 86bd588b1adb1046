/** The worker of `reading`: texts come in, trees go out. */
import type { Format } from "../document";
import { parsed } from "../document/parsed";

addEventListener("message", ({ data }: MessageEvent<{ id: number; text: string; format: Format }>) => {
  postMessage({ id: data.id, parsed: parsed(data.text, data.format) });
});
