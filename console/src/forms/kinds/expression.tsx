/** A field in which an expression may stand, with completion and, while one writes, what it gives. */
import { useState } from "react";
import type { Value } from "../../document";
import type { Content } from "../../document/content";
import { useSession } from "../../editing/use_session";
import { ExpressionInput } from "../../expressions/expression_input";
import type { Mode } from "../../expressions/place";
import { Preview } from "../../expressions/preview";
import { useSample } from "../../expressions/sample";
import { seenBy, toTry } from "../../expressions/seen";
import { variablesAt } from "../../expressions/variables";
import type { Asked } from "../../language/fields";
import { useForm } from "../form";
import { json, shown, typed } from "../written";

interface Props {
  asked: Asked;
  label: string;
  value: Value | undefined;
  onSet: (value: Content) => void;
  onProblem: (problem: string | null) => void;
  mode: Mode;
  /** What is wrong with a value that was typed; null: nothing that one could see here. */
  refuse?: (value: Value) => string | null;
  placeholder?: string;
  /** As JSON, on several lines. */
  lines?: boolean;
  /** A text, whatever it looks like. */
  plain?: boolean;
  calls?: boolean;
  invalid?: boolean;
}

export function Expression({
  asked,
  label,
  value,
  onSet,
  onProblem,
  mode,
  refuse,
  lines = false,
  plain = false,
  ...rest
}: Props) {
  const form = useForm();
  const { machine } = useSession();
  const sample = useSample(machine, form.pointer);
  const [writing, write] = useState<string | null>(null);
  const { language } = form;
  const read = plain ? (text: string): Value => text : typed;
  const said = plain ? String : shown;
  const seen = seenBy(asked.place, form.value, language, sample);
  const scope = {
    ...seen,
    language,
    variables: variablesAt(form.document, form.pointer),
    calls: rest.calls ?? false,
  };
  const given =
    writing === null || writing === ""
      ? null
      : toTry(json(read(writing)), { language, isTemplate: mode === "value" }, seen, sample);
  return (
    <>
      <ExpressionInput
        label={label}
        text={value === undefined ? "" : lines && typeof value !== "string" ? json(value) : said(value)}
        mode={mode}
        scope={scope}
        lines={lines}
        placeholder={rest.placeholder ?? ""}
        disabled={form.locked !== null}
        invalid={rest.invalid ?? false}
        onProblem={onProblem}
        onWriting={write}
        onTake={(text) => {
          if (text === "" && value === undefined) return null;
          const found = read(text);
          const wrong = refuse?.(found) ?? null;
          if (wrong === null) onSet(found as Content);
          return wrong;
        }}
      />
      <Preview given={given} />
    </>
  );
}
