/** A whole field that is an expression, or may be one: with its title, and what is wrong with it. */
import { useState } from "react";
import type { Value } from "../../document";
import type { Mode } from "../../expressions/place";
import { Field } from "../field";
import { useForm } from "../form";
import { Expression } from "./expression";
import type { EditorProps } from "./props";

/** How it is written and read: see `Expression`. */
interface Props extends EditorProps {
  mode: Mode;
  refuse?: (value: Value) => string | null;
  placeholder?: string;
  lines?: boolean;
  plain?: boolean;
  calls?: boolean;
}

export function ExpressionField({ asked, at, beside, canEnd: _, ...how }: Props) {
  const form = useForm();
  const [problem, tell] = useState<string | null>(null);
  return (
    <Field asked={asked} at={at} beside={beside} problem={problem}>
      <Expression
        asked={asked}
        label={asked.title}
        value={form.at(at)}
        onSet={(set) => form.set(at, set, asked.title)}
        onProblem={tell}
        invalid={problem !== null}
        {...how}
      />
    </Field>
  );
}
