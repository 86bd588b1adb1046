/** The condition of a rule in JSONPath, put together from questions; or as the JSON that it is. */
import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { NumberText, type Pointer, type Value } from "../../document";
import type { Content } from "../../document/content";
import { type Asked, OPERATORS } from "../../language/fields";
import { words } from "../../words";
import { type Condition, conditionOf, EMPTY, membersOf, operandFor, withCondition } from "../conditions";
import { useDraft } from "../draft";
import { useForm } from "../form";
import { shown, typed } from "../written";
import { Expression } from "./expression";

export function Builder({ asked, at, rule }: { asked: Asked; at: Pointer; rule: Value }) {
  const form = useForm();
  const [isText, showText] = useState(false);
  const [problem, tell] = useState<string | null>(null);
  const condition = conditionOf(rule, OPERATORS);
  const set = (changed: Condition) => form.set(at, withCondition(rule, changed) as Content, words.forms.condition);
  return (
    <fieldset className="condition">
      <legend className="unseen">{words.forms.condition}</legend>
      {isText || condition.kind === "other" ? (
        <>
          <Expression
            asked={asked}
            label={words.forms.condition}
            value={membersOf(condition)}
            lines
            mode="value"
            onProblem={tell}
            refuse={(value) => (value instanceof Map ? null : words.forms.noObject)}
            onSet={(value) => set({ kind: "other", members: value as ReadonlyMap<string, Value> })}
          />
          {problem && <p className="trouble error">{problem}</p>}
        </>
      ) : (
        <Part asked={asked} condition={condition} onChange={set} />
      )}
      {condition.kind !== "other" && (
        <Button variant="inline-link" onClick={() => showText(!isText)}>
          {isText ? words.forms.asBuilder : words.forms.asJson}
        </Button>
      )}
    </fieldset>
  );
}

interface PartProps {
  asked: Asked;
  condition: Condition;
  onChange: (condition: Condition) => void;
  onRemove?: () => void;
}

function Part({ asked, condition, onChange, onRemove }: PartProps) {
  switch (condition.kind) {
    case "all":
    case "any":
      return <Joined asked={asked} condition={condition} onChange={onChange} {...(onRemove ? { onRemove } : {})} />;
    case "not":
      return (
        <div className="joined">
          <Kind condition={condition} onChange={onChange} {...(onRemove ? { onRemove } : {})} />
          <Part asked={asked} condition={condition.part} onChange={(part) => onChange({ kind: "not", part })} />
        </div>
      );
    case "compare":
      return <Comparison asked={asked} condition={condition} onChange={onChange} {...(onRemove ? { onRemove } : {})} />;
    default:
      return <code>{shown(condition.members)}</code>;
  }
}

function Joined({
  asked,
  condition,
  onChange,
  onRemove,
}: PartProps & { condition: Condition & { kind: "all" | "any" } }) {
  const form = useForm();
  const { kind, parts } = condition;
  const put = (changed: readonly Condition[]) => onChange({ kind, parts: changed });
  return (
    <div className="joined">
      <Kind condition={condition} onChange={onChange} {...(onRemove ? { onRemove } : {})} />
      <ul>
        {parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a part has no other name
          <li key={index}>
            <Part
              asked={asked}
              condition={part}
              onChange={(changed) => put(parts.with(index, changed))}
              {...(parts.length > 1 ? { onRemove: () => put(parts.toSpliced(index, 1)) } : {})}
            />
          </li>
        ))}
      </ul>
      <Button variant="inline-link" disabled={form.locked !== null} onClick={() => put([...parts, EMPTY])}>
        {words.forms.addQuestion}
      </Button>
    </div>
  );
}

/** All of them, one of them, the opposite, or a single question. */
function Kind({ condition, onChange, onRemove }: Omit<PartProps, "asked">) {
  const form = useForm();
  return (
    <div className="kind">
      <select
        aria-label={words.forms.joined}
        value={condition.kind}
        disabled={form.locked !== null}
        onChange={({ target }) => onChange(becoming(condition, target.value))}
      >
        {(["compare", "all", "any", "not"] as const).map((kind) => (
          <option key={kind} value={kind}>
            {words.forms.conditions[kind]}
          </option>
        ))}
      </select>
      {onRemove && (
        <Button
          variant="icon"
          iconName="close"
          ariaLabel={words.forms.removeQuestion}
          disabled={form.locked !== null}
          onClick={onRemove}
        />
      )}
    </div>
  );
}

/** What was asked stays as far as it can. */
function becoming(condition: Condition, kind: string): Condition {
  const parts = condition.kind === "all" || condition.kind === "any" ? condition.parts : [];
  const first = parts[0] ?? (condition.kind === "not" ? condition.part : condition);
  if (kind === "not") return { kind: "not", part: parts.length > 1 ? condition : first };
  if (kind === "all" || kind === "any") return { kind, parts: parts.length > 0 ? parts : [first] };
  return first;
}

type Compared = Condition & { kind: "compare" };

function Comparison({ asked, condition, onChange, onRemove }: PartProps & { condition: Compared }) {
  const form = useForm();
  const [problem, tell] = useState<string | null>(null);
  const { variable, operator, operand } = condition;
  const known = OPERATORS[operator];
  return (
    <div className="comparison">
      <Kind condition={condition} onChange={onChange} {...(onRemove ? { onRemove } : {})} />
      <Expression
        asked={asked}
        label={words.forms.variable}
        value={variable}
        plain
        mode="path"
        calls={false}
        onProblem={tell}
        onSet={(value) => onChange({ ...condition, variable: String(value) })}
      />
      <select
        aria-label={words.forms.operator}
        value={operator}
        disabled={form.locked !== null}
        onChange={({ target }) =>
          onChange({ ...condition, operator: target.value, operand: operandFor(OPERATORS[target.value], operand) })
        }
      >
        {Object.keys(OPERATORS).map((name) => (
          <option key={name} value={name}>
            {spoken(name)}
          </option>
        ))}
      </select>
      {known?.path ? (
        <Expression
          asked={asked}
          label={words.forms.operand}
          value={operand}
          plain
          mode="path"
          calls={false}
          onProblem={tell}
          onSet={(value) => onChange({ ...condition, operand: value as Value })}
        />
      ) : (
        <Operand
          kind={known?.kind ?? "string"}
          value={operand}
          onSet={(value) => onChange({ ...condition, operand: value })}
        />
      )}
      {problem && <p className="trouble error">{problem}</p>}
    </div>
  );
}

/** `NumericLessThanEqualsPath` as people read it. */
function spoken(operator: string): string {
  return operator.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
}

function Operand({ kind, value, onSet }: { kind: string; value: Value; onSet: (value: Value) => void }) {
  const form = useForm();
  const isText = kind === "string" || kind === "timestamp";
  const { text, problem, type, done } = useDraft(isText && typeof value === "string" ? value : shown(value), (text) => {
    const found = isText ? text : typed(text.trim());
    if (kind === "number" && !(found instanceof NumberText)) return words.forms.noNumber;
    onSet(found);
    return null;
  });
  if (kind === "boolean") {
    return (
      <select
        aria-label={words.forms.operand}
        value={String(value)}
        disabled={form.locked !== null}
        onChange={({ target }) => onSet(target.value === "true")}
      >
        <option value="true">{words.forms.yes}</option>
        <option value="false">{words.forms.no}</option>
      </select>
    );
  }
  return (
    <>
      <Input
        value={text}
        ariaLabel={words.forms.operand}
        invalid={problem !== null}
        disabled={form.locked !== null}
        {...(kind === "timestamp" ? { placeholder: "2030-01-31T09:00:00Z" } : {})}
        onChange={({ detail }) => type(detail.value)}
        onBlur={done}
        onKeyDown={({ detail }) => detail.key === "Enter" && done()}
      />
      {problem && <p className="trouble error">{problem}</p>}
    </>
  );
}
