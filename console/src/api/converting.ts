/** JSONPath as JSONata, where that is mechanical. */
import { change } from "./client";
import type { Conversion } from "./generated/console";

/** `value`: of a state or a definition, as JSON. Raises ApiFailure. */
export async function converted(value: string): Promise<Conversion> {
  return (await (await change("POST", "definitions/convert", { value })).json()) as Conversion;
}
