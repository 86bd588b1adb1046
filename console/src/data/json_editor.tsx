import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Textarea from "@cloudscape-design/components/textarea";
import { useDeferredValue, useMemo } from "react";
import { indented } from "../execution/json_text";
import { words } from "../words";
import { size } from "../words/time";
import { bytesOf, type JsonProblem, jsonProblem } from "./json_check";

interface Props {
  label: string;
  value: string;
  onChange: (text: string) => void;
  rows?: number;
  description?: string;
  /** In bytes: what has more is refused here. */
  most?: number;
  /** What the server said of it. */
  refused?: string | null;
}

const MONOSPACED = { style: { fontFamily: "var(--mono)", fontSize: "12.5px", tabSize: 2 } };

/** JSON as people type it: what is wrong is said below it, with its line, and nothing typed is changed unasked. */
export function JsonEditor({ label, value, onChange, rows = 12, description, most, refused }: Props) {
  const checked = useDeferredValue(value);
  const wrong = useMemo(() => jsonWrong(checked, most), [checked, most]);
  const told = wrong ?? refused;
  return (
    <FormField
      stretch
      label={label}
      {...(description ? { description } : {})}
      {...(told ? { errorText: told } : {})}
      constraintText={
        <>
          {size(bytesOf(checked))}{" "}
          <Button variant="inline-link" disabled={wrong !== null} onClick={() => onChange(indented(value))}>
            {words.data.format}
          </Button>
        </>
      }
    >
      <Textarea
        value={value}
        rows={rows}
        spellcheck={false}
        autoComplete={false}
        disableBrowserAutocorrect
        nativeTextareaAttributes={MONOSPACED}
        onChange={({ detail }) => onChange(detail.value)}
      />
    </FormField>
  );
}

/** Why this is not taken, as a sentence; null: it is. */
export function jsonWrong(text: string, most = Number.POSITIVE_INFINITY): string | null {
  const bytes = bytesOf(text);
  if (bytes > most) return words.data.tooLarge(size(bytes), size(most));
  const problem: JsonProblem | null = jsonProblem(text);
  return problem && words.data.wrongAt(problem.line, problem.column, problem.message);
}
