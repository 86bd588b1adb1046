/** What each field of a state did to its data: AWS's `inspectionData`, in the order in which fields are looked at. */
import { changes } from "./changes";

export interface Stage {
  /** As `inspectionData` calls it; `output` for what came out. */
  name: string;
  /** The field that made it so; null for what was given to the state. */
  field: string | null;
  /** JSON. */
  text: string;
  /** Whether the field changed nothing. */
  isSame: boolean;
}

/** Of a state in JSONata there are fewer. */
const ORDER: readonly (readonly [name: string, field: string | null])[] = [
  ["input", null],
  ["afterInputPath", "InputPath"],
  ["afterItemsPath", "ItemsPath"],
  ["afterItemSelector", "ItemSelector"],
  ["afterItemBatcher", "ItemBatcher"],
  ["afterParameters", "Parameters"],
  ["afterArguments", "Arguments"],
  ["result", null],
  ["afterResultSelector", "ResultSelector"],
  ["afterResultPath", "ResultPath"],
  ["variables", "Assign"],
];
/** These stand for themselves: they are not the next step of the data before. */
const APART = new Set(["input", "result", "variables"]);

export function stagesOf(
  inspected: Readonly<Record<string, unknown>>,
  output: string | undefined,
  isJsonata: boolean,
): Stage[] {
  const found: Stage[] = [];
  let before: string | null = null;
  const add = (name: string, field: string | null, text: string) => {
    const isSame: boolean = before !== null && !APART.has(name) && changes(before, text, 0)?.all === 0;
    found.push({ name, field, text, isSame });
    if (name !== "variables") before = text;
  };
  for (const [name, field] of ORDER) {
    const text = inspected[name];
    if (typeof text === "string") add(name, field, text);
  }
  if (output !== undefined) add("output", isJsonata ? "Output" : "OutputPath", output);
  return found;
}
