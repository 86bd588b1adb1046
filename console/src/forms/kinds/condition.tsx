/** The condition of a rule in JSONata. */
import type { Value } from "../../document";
import { expressionIn } from "../../expressions/delimiters";
import { words } from "../../words";
import { ExpressionField } from "./expression_field";
import type { EditorProps } from "./props";

export function Condition(props: EditorProps) {
  return <ExpressionField {...props} mode="value" refuse={refusal} placeholder={words.forms.exampleCondition} />;
}

function refusal(value: Value): string | null {
  const fits = typeof value === "boolean" || (typeof value === "string" && expressionIn(value) !== null);
  return fits ? null : words.forms.noCondition;
}
