/** A line of text that becomes a step when it is left, or nobody types for a while. */
import FormField from "@cloudscape-design/components/form-field";
import Input, { type InputProps } from "@cloudscape-design/components/input";
import { type Draft, useDraft } from "../../forms/draft";

interface Bare
  extends Pick<InputProps, "placeholder" | "disabled" | "autoFocus" | "inputMode" | "ariaLabel" | "invalid"> {
  value: string;
  onSet: (value: string) => void;
}

interface Props extends Bare {
  label: string;
  text?: string;
  /** How it has to be. */
  rule?: string;
  problem?: string | undefined;
  /** Why what was typed is not a value: it stays in the field. */
  refuse?: (typed: string) => string | null;
}

export function Line({ label, text, rule, problem, refuse, value, onSet, ...rest }: Props) {
  const draft = useDraft(value, (typed) => {
    const refusal = refuse?.(typed) ?? null;
    if (refusal === null) onSet(typed);
    return refusal;
  });
  const wrong = draft.problem ?? problem;
  return (
    <FormField label={label} description={text} constraintText={rule} errorText={wrong} stretch>
      <Typed {...rest} draft={draft} invalid={wrong !== undefined} />
    </FormField>
  );
}

/** Without a label that is seen. */
export function BareLine({ value, onSet, ...rest }: Bare) {
  const draft = useDraft(value, (typed) => {
    onSet(typed);
    return null;
  });
  return <Typed {...rest} draft={draft} />;
}

const Typed = ({ draft: { text, type, done }, ...rest }: Omit<Bare, "value" | "onSet"> & { draft: Draft }) => (
  <Input
    {...rest}
    value={text}
    spellcheck={false}
    onChange={({ detail }) => type(detail.value)}
    onBlur={done}
    onKeyDown={({ detail }) => detail.key === "Enter" && done()}
  />
);
