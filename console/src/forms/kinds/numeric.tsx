/** A number, as the letters that stand in the text: 1.0 stays 1.0. In JSONata an expression may stand there, too. */
import Input from "@cloudscape-design/components/input";
import { NumberText, type Value } from "../../document";
import { expressionIn } from "../../expressions/delimiters";
import { words } from "../../words";
import { useDraft } from "../draft";
import { Field } from "../field";
import { useForm } from "../form";
import { shown, typed } from "../written";
import { ExpressionField } from "./expression_field";
import type { EditorProps } from "./props";

export function Numeric(props: EditorProps) {
  if (!props.asked.field.expression) return <Digits {...props} />;
  return <ExpressionField {...props} mode="value" refuse={refusal} placeholder={words.forms.numberOrExpression} />;
}

function Digits({ asked, at, beside }: EditorProps) {
  const form = useForm();
  const value = form.at(at);
  const draft = useDraft(value === undefined ? "" : shown(value), (text) => {
    if (text.trim() === "" && !asked.field.required) {
      form.set(at, undefined, asked.title);
      return null;
    }
    const found = typed(text.trim());
    if (!(found instanceof NumberText)) return words.forms.noNumber;
    form.set(at, found, asked.title);
    return null;
  });
  return (
    <Field asked={asked} at={at} beside={beside} problem={draft.problem}>
      <Input
        value={draft.text}
        inputMode="decimal"
        invalid={draft.problem !== null}
        disabled={form.locked !== null}
        onChange={({ detail }) => draft.type(detail.value)}
        onBlur={draft.done}
        onKeyDown={({ detail }) => detail.key === "Enter" && draft.done()}
      />
    </Field>
  );
}

function refusal(value: Value): string | null {
  const fits = value instanceof NumberText || (typeof value === "string" && expressionIn(value) !== null);
  return fits ? null : words.forms.noNumberNorExpression;
}
