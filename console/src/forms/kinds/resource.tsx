/** What a task calls: one of what is served here, or whatever is written. */
import Autosuggest from "@cloudscape-design/components/autosuggest";
import { useQuery } from "@tanstack/react-query";
import { resources } from "../../api/resources";
import { words } from "../../words";
import { useDraft } from "../draft";
import { Field } from "../field";
import { useForm } from "../form";
import type { EditorProps } from "./props";

export function Resource({ asked, at, beside }: EditorProps) {
  const form = useForm();
  const { data } = useQuery(resources);
  const value = form.at(at);
  const { text, type, done } = useDraft(typeof value === "string" ? value : "", (typed) => {
    form.set(at, typed, asked.title);
    return null;
  });
  const options = (data?.offers ?? []).flatMap(({ resource, title, patterns }) =>
    patterns.map((pattern) => ({ value: resource + pattern, description: title })),
  );
  return (
    <Field asked={asked} at={at} beside={beside}>
      <Autosuggest
        value={text}
        options={options}
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
