/** Any value, as JSON; a text may stand without quotes. */
import { useForm } from "../form";
import { ExpressionField } from "./expression_field";
import type { EditorProps } from "./props";
import { Suggested } from "./suggested";

export function Json(props: EditorProps) {
  const form = useForm();
  const value = form.at(props.at);
  const isSuggested = props.asked.field.values && (value === undefined || typeof value === "string");
  return isSuggested ? <Suggested {...props} /> : <ExpressionField {...props} mode="value" lines />;
}
