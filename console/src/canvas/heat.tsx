import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { HEATS, type Heat, heatOf } from "../execution/heat";
import type { Tally } from "../execution/visits";
import { words } from "../words";
import { duration } from "../words/time";
import type { Mark } from "./nodes";

/** What colours the boxes: how states stand, or how much of something they have. */
export function HeatChoice({ heat, onHeat }: { heat: Heat | undefined; onHeat: (heat: Heat | undefined) => void }) {
  const choices = [undefined, ...HEATS];
  return (
    <ButtonDropdown
      items={choices.map((each) => ({
        id: each ?? "",
        itemType: "checkbox" as const,
        text: words.heat.choices[each ?? ""] ?? "",
        checked: each === heat,
      }))}
      onItemClick={({ detail }) => onHeat(HEATS.find((each) => each === detail.id))}
    >
      {words.heat.by(words.heat.choices[heat ?? ""] ?? "")}
    </ButtonDropdown>
  );
}

export function heatMarks(tallies: ReadonlyMap<string, Tally>, heat: Heat): Map<string, Mark> {
  const found = new Map<string, Mark>();
  for (const [pointer, { share, amount, of }] of heatOf(tallies, heat)) {
    const text = heat === "time" ? duration(amount) : words.heat[heat](amount, of);
    found.set(pointer, { tone: heat, text, share });
  }
  return found;
}
