/** Which state follows, of those in the same scope. */
import Select from "@cloudscape-design/components/select";
import { child, parent } from "../../document/pointer";
import { words } from "../../words";
import { Field } from "../field";
import { useForm } from "../form";
import type { EditorProps } from "./props";

/** What stands for the end in the list: no state has an empty name. */
const END = "";

export function Target({ asked, at, canEnd = false, beside }: EditorProps) {
  const form = useForm();
  const end = child(parent(at), "End");
  const ends = canEnd && form.at(end) === true;
  const value = form.at(at);
  const named = typeof value === "string" ? value : null;
  const names = form.siblings.map((name) => ({ value: name, label: name }));
  const isMissing = named !== null && !form.siblings.includes(named);
  const options = [
    ...(isMissing ? [{ value: named, label: words.graph.noState(named) }] : []),
    ...(canEnd ? [{ value: END, label: words.forms.endHere }] : []),
    ...names,
  ];
  const selected = ends && named === null ? END : named;
  return (
    <Field asked={asked} at={at} beside={beside}>
      <Select
        selectedOption={options.find((option) => option.value === selected) ?? null}
        options={options}
        placeholder={words.forms.chooseState}
        filteringType={names.length > MANY ? "auto" : "none"}
        filteringAriaLabel={words.forms.findState}
        disabled={form.locked !== null}
        onChange={({ detail: { selectedOption } }) => {
          if (selectedOption.value === END) form.set(end, true, words.forms.end);
          else form.set(at, selectedOption.value ?? "", asked.title);
        }}
      />
    </Field>
  );
}

/** From so many states on one may look for their names. */
const MANY = 8;
