/** A text: a line, a few lines, or what a task calls. */
import Input from "@cloudscape-design/components/input";
import Textarea from "@cloudscape-design/components/textarea";
import { useDraft } from "../draft";
import { Field } from "../field";
import { useForm } from "../form";
import { ExpressionField } from "./expression_field";
import { Json } from "./json";
import type { EditorProps } from "./props";
import { Resource } from "./resource";
import { Suggested } from "./suggested";

const LONG: ReadonlySet<string> = new Set(["Comment", "Cause"]);

export function Line(props: EditorProps) {
  const form = useForm();
  const value = form.at(props.at);
  const { field, name, place } = props.asked;
  if (value !== undefined && typeof value !== "string") return <Json {...props} />;
  if (field.values) return <Suggested {...props} />;
  if (place === "Resource") return <Resource {...props} />;
  if (field.expression) return <ExpressionField {...props} mode="value" plain />;
  return <Plain {...props} isLong={LONG.has(name)} />;
}

function Plain({ asked, at, beside, isLong }: EditorProps & { isLong: boolean }) {
  const form = useForm();
  const value = form.at(at);
  const { text, type, done } = useDraft(typeof value === "string" ? value : "", (typed) => {
    form.set(at, typed, asked.title);
    return null;
  });
  const shared = {
    value: text,
    disabled: form.locked !== null,
    onChange: ({ detail }: { detail: { value: string } }) => type(detail.value),
    onBlur: done,
  };
  return (
    <Field asked={asked} at={at} beside={beside}>
      {isLong ? (
        <Textarea {...shared} rows={Math.min(6, Math.max(1, text.split("\n").length))} />
      ) : (
        <Input {...shared} spellcheck={false} onKeyDown={({ detail }) => detail.key === "Enter" && done()} />
      )}
    </Field>
  );
}
