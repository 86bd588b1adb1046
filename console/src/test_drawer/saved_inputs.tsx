/** Inputs under names: to choose one, to keep this one, to forget one. */
import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState, useSyncExternalStore } from "react";
import { inputs } from "../editing/inputs";
import { words } from "../words";

interface Props {
  machine: string | null;
  text: string;
  onChoose: (text: string) => void;
}

export function SavedInputs({ machine, text, onChoose }: Props) {
  const saved = useSyncExternalStore(inputs.subscribe, () => inputs.saved(machine));
  const [name, write] = useState<string | null>(null);
  const chosen = saved.find((each) => each.text === text);
  const keep = () => {
    if (name?.trim()) inputs.save(machine, name.trim(), text);
    write(null);
  };
  if (name !== null) {
    return (
      <div className="saved">
        <Input
          autoFocus
          value={name}
          ariaLabel={words.test.inputName}
          placeholder={words.test.inputName}
          onChange={({ detail }) => write(detail.value.slice(0, LONGEST))}
          onKeyDown={(event) => {
            if (event.detail.key === "Escape") write(null);
            if (event.detail.key !== "Enter") return;
            // Nothing is tried by it.
            event.preventDefault();
            keep();
          }}
        />
        <Button formAction="none" onClick={keep} disabled={name.trim() === ""}>
          {words.test.keep}
        </Button>
      </div>
    );
  }
  return (
    <div className="saved">
      {saved.length > 0 && (
        <Select
          ariaLabel={words.test.savedInputs}
          placeholder={words.test.savedInputs}
          selectedOption={chosen ? { value: chosen.name, label: chosen.name } : null}
          options={saved.map((each) => ({ value: each.name, label: each.name }))}
          onChange={({ detail }) => {
            const found = saved.find((each) => each.name === detail.selectedOption.value);
            if (found) onChoose(found.text);
          }}
        />
      )}
      {chosen ? (
        <Button
          variant="icon"
          formAction="none"
          iconName="remove"
          ariaLabel={words.test.forget(chosen.name)}
          onClick={() => inputs.forget(machine, chosen.name)}
        />
      ) : (
        <Button variant="inline-link" formAction="none" onClick={() => write("")}>
          {words.test.keepInput}
        </Button>
      )}
    </div>
  );
}

const LONGEST = 60;
