/** True or false. */
import Toggle from "@cloudscape-design/components/toggle";
import { Field } from "../field";
import { useForm } from "../form";
import { Json } from "./json";
import type { EditorProps } from "./props";

export function YesOrNo(props: EditorProps) {
  const { asked, at, beside } = props;
  const form = useForm();
  const value = form.at(at);
  if (value !== undefined && typeof value !== "boolean") return <Json {...props} />;
  return (
    <Field asked={asked} at={at} beside={beside}>
      <Toggle
        checked={value === true}
        disabled={form.locked !== null}
        ariaLabel={asked.title}
        onChange={({ detail }) => form.set(at, detail.checked, asked.title)}
      />
    </Field>
  );
}
