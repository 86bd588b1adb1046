/** A path into the data, with a function where that may stand. */
import type { Value } from "../../document";
import { words } from "../../words";
import { ExpressionField } from "./expression_field";
import type { EditorProps } from "./props";

export function Path(props: EditorProps) {
  const { nullable = false, calls = false } = props.asked.field;
  const refuse = (value: Value) => {
    if (typeof value === "string" || (nullable && value === null)) return null;
    return nullable ? words.forms.noPathNorNull : words.forms.noPath;
  };
  const placeholder = nullable ? words.forms.pathOrNull : words.forms.path;
  return <ExpressionField {...props} mode="path" calls={calls} refuse={refuse} placeholder={placeholder} />;
}
