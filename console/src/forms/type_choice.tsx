/** Of a state without a type, or with one that there is not. */
import Select from "@cloudscape-design/components/select";
import { child } from "../document/pointer";
import { TYPES } from "../language/fields";
import { words } from "../words";
import { useForm } from "./form";

export function TypeChoice() {
  const form = useForm();
  return (
    <div className="group">
      <p>{form.type === "" ? words.forms.typeMissing : words.forms.typeUnknown(form.type)}</p>
      <Select
        ariaLabel={words.forms.type}
        placeholder={words.forms.type}
        selectedOption={null}
        options={TYPES.map((value) => ({ value, label: value }))}
        disabled={form.locked !== null}
        onChange={({ detail }) =>
          form.set(child(form.pointer, "Type"), detail.selectedOption.value ?? "", words.forms.type)
        }
      />
    </div>
  );
}
