/** Figures of one run, for whoever started it: a file of JSON that is named by MEASURED. */
import { writeFileSync } from "node:fs";

export interface Figure {
  what: string;
  unit: "ms" | "KiB";
  /** In the order in which they were taken. */
  values: number[];
}

const figures: Figure[] = [];

export function note(what: string, unit: Figure["unit"], ...values: number[]): void {
  figures.push({ what, unit, values });
  const file = process.env.MEASURED;
  if (!file) throw new Error("MEASURED names the file for the figures; `make bench SUBJECTS=console` does it all");
  writeFileSync(file, JSON.stringify(figures));
}
