/** Makes files of pictures, and hands them to the browser. */
import { type Standing, standing } from "../execution/visits";
import { mermaidOf } from "../graph/mermaid";
import { fileNameOf, save } from "../shell/save";
import { type Drawn, sizeOf, svgOf } from "./drawing";

/** Twice as fine as it is looked at, as long as browsers make such large ones. */
const FINE = 2;
const LARGEST = 8_000;

/** Raises where the browser cannot make one. */
export async function taken(drawn: Drawn, kind: "svg" | "png" | "mermaid"): Promise<void> {
  // Of a page the title says what it shows.
  const name = (end: string) => fileNameOf(document.title, end);
  if (kind === "mermaid") return save(name("mmd"), [mermaidOf(drawn.graph, standings(drawn))], "text/plain");
  const style = getComputedStyle(document.body);
  const svg = svgOf(drawn, (colour) => style.getPropertyValue(`--${colour}`).trim());
  if (kind === "svg") return save(name("svg"), [svg], "image/svg+xml");
  save(name("png"), [await pngOf(svg, sizeOf(drawn.placed))], "image/png");
}

function standings({ tallies }: Drawn): Map<string, Standing> {
  const found = new Map<string, Standing>();
  for (const [id, tally] of tallies ?? []) {
    const how = standing(tally);
    if (how) found.set(id, how);
  }
  return found;
}

async function pngOf(svg: string, [width, height]: [number, number]): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = Math.min(FINE, LARGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no PNG of this size"))), "image/png"),
  );
}
