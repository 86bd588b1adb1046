/** One of a few values. */
import Select from "@cloudscape-design/components/select";
import { Field } from "../field";
import { useForm } from "../form";
import { shown } from "../written";
import type { EditorProps } from "./props";
import { QueryLanguage } from "./query_language";

export function OneOf(props: EditorProps) {
  return props.asked.place === "QueryLanguage" ? <QueryLanguage {...props} /> : <Choice {...props} />;
}

function Choice({ asked, at, beside }: EditorProps) {
  const form = useForm();
  const value = form.at(at);
  const values = asked.field.values ?? [];
  const written = value === undefined ? null : shown(value);
  // One that there is not is shown, too: somebody has written it.
  const all = written === null || values.includes(written) ? values : [written, ...values];
  return (
    <Field asked={asked} at={at} beside={beside}>
      <Select
        selectedOption={written === null ? null : { value: written, label: written }}
        options={all.map((each) => ({ value: each, label: each }))}
        disabled={form.locked !== null}
        onChange={({ detail }) => form.set(at, detail.selectedOption.value ?? "", asked.title)}
      />
    </Field>
  );
}
