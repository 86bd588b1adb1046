/** A text that is usually one of a few. */
import Autosuggest from "@cloudscape-design/components/autosuggest";
import { words } from "../../words";
import { useDraft } from "../draft";
import { Field } from "../field";
import { useForm } from "../form";
import type { EditorProps } from "./props";

export function Suggested({ asked, at, beside }: EditorProps) {
  const form = useForm();
  const value = form.at(at);
  const { text, type, done } = useDraft(typeof value === "string" ? value : "", (typed) => {
    form.set(at, typed, asked.title);
    return null;
  });
  return (
    <Field asked={asked} at={at} beside={beside}>
      <Autosuggest
        value={text}
        options={(asked.field.values ?? []).map((each) => ({ value: each }))}
        enteredTextLabel={words.forms.use}
        clearAriaLabel={words.forms.clear}
        disabled={form.locked !== null}
        onChange={({ detail }) => type(detail.value)}
        onSelect={({ detail }) => form.set(at, detail.value, asked.title)}
        onBlur={done}
      />
    </Field>
  );
}
