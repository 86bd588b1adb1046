/** An object with fields of its own, such as ItemReader. */
import { FieldGroup } from "../field";
import { Fields } from "../fields";
import { useForm } from "../form";
import { Json } from "./json";
import type { EditorProps } from "./props";

export function Part(props: EditorProps) {
  const { asked, at, beside } = props;
  const form = useForm();
  const value = form.at(at);
  if (value !== undefined && !(value instanceof Map)) return <Json {...props} />;
  return (
    <FieldGroup asked={asked} at={at} beside={beside}>
      <Fields holder={asked.place} at={at} />
    </FieldGroup>
  );
}
