/** Server-sent events as they arrive, piece by piece. https://html.spec.whatwg.org/multipage/server-sent-events.html */

export interface Frame {
  name: string;
  data: string;
}

/** Of one event; no frame of ours is near it. */
const LONGEST = 16 * 1024 * 1024;

/** Takes what has arrived and gives what is whole by then. Comments are skipped. Raises Error for an event without end. */
export function frames(): (piece: string) => Frame[] {
  let rest = "";
  return (piece) => {
    const [whole, ...others] = (rest + piece).split(/\r?\n\r?\n/).reverse();
    rest = whole ?? "";
    if (rest.length > LONGEST) throw new Error("an event of the stream has no end");
    return others.reverse().flatMap(read);
  };
}

function read(text: string): Frame[] {
  let name = "message";
  const data: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, field, value = ""] = /^(\w+):? ?(.*)$/.exec(line) ?? [];
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
  return data.length ? [{ name, data: data.join("\n") }] : [];
}
