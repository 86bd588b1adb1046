/** JSON that something is tried with. */
import FormField from "@cloudscape-design/components/form-field";
import type { ReactNode } from "react";
import { ExpressionInput } from "../expressions/expression_input";
import { ofJson } from "../forms/written";

interface Props {
  label: string;
  help?: string;
  text: string;
  onChange: (text: string) => void;
  beside?: ReactNode;
}

const PLAIN = { language: "JSONPath", variables: [], offers: [], calls: false } as const;

export function DataField({ label, help, text, onChange, beside }: Props) {
  const problem = problemOf(text);
  return (
    <FormField stretch label={label} description={help} errorText={problem ?? undefined} secondaryControl={beside}>
      <ExpressionInput
        label={label}
        text={text}
        mode="value"
        scope={PLAIN}
        lines
        invalid={problem !== null}
        onTake={(taken) => {
          onChange(taken);
          return null;
        }}
        onWriting={(writing) => writing !== null && onChange(writing)}
      />
    </FormField>
  );
}

/** Null: it is JSON. */
export const problemOf = (text: string): string | null => ofJson(text).problem;
