/** What is handed over or goes on: names with values, in which expressions may stand. */
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import type { Value } from "../../document";
import { child } from "../../document/pointer";
import { words } from "../../words";
import { FieldGroup } from "../field";
import { useForm } from "../form";
import { type Parameter, useParameters } from "../parameters";
import { Expression } from "./expression";
import { Member, NewMember } from "./member";
import type { EditorProps } from "./props";

/** So many parameters are offered at once; the others are found by name. */
const OFFERED = 8;

export function Template(props: EditorProps) {
  const { asked, at, beside } = props;
  const form = useForm();
  const [isText, showText] = useState(false);
  const value = form.at(at);
  const isObject = value instanceof Map || value === undefined;
  return (
    <FieldGroup asked={asked} at={at} beside={beside}>
      {isObject && !isText ? <Members {...props} value={value} /> : <Whole {...props} />}
      {value instanceof Map && (
        <Button variant="inline-link" onClick={() => showText(!isText)}>
          {isText ? words.forms.asMembers : words.forms.asJson}
        </Button>
      )}
    </FieldGroup>
  );
}

/** In one text. */
function Whole({ asked, at }: EditorProps) {
  const form = useForm();
  const [problem, tell] = useState<string | null>(null);
  return (
    <>
      <Expression
        asked={asked}
        label={asked.title}
        value={form.at(at)}
        onSet={(set) => form.set(at, set, asked.title)}
        onProblem={tell}
        mode="value"
        lines
        invalid={problem !== null}
      />
      {problem && <p className="trouble error">{problem}</p>}
    </>
  );
}

function Members({ asked, at, value }: EditorProps & { value: ReadonlyMap<string, Value> | undefined }) {
  const form = useForm();
  const { known, isAsked } = useParameters(form, asked.place);
  const [isAdding, add] = useState(false);
  const names = [...(value?.keys() ?? [])];
  const bare = new Set(names.map((name) => name.replace(/\.\$$/, "")));
  const missing = known.filter(({ name }) => !bare.has(name));
  const mayBeExpression = form.language === "JSONata" && asked.field.kind === "template";
  const put = (name: string, content: Parameter["fresh"]) =>
    form.setAll([{ at: child(at, name), value: content }], words.forms.setting(name, form.name));
  return (
    <>
      {names.length > 0 && (
        <ul className="members">
          {names.map((name, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a member may be renamed
            <li key={index} data-field={name}>
              <Member
                asked={asked}
                holder={at}
                name={name}
                known={known.find((each) => each.name === name.replace(/\.\$$/, ""))}
              />
            </li>
          ))}
        </ul>
      )}
      {isAdding && (
        <NewMember
          taken={new Set(names)}
          offers={missing.map(({ name }) => name)}
          onName={(name) => {
            add(false);
            if (name !== null) put(name, missing.find((each) => each.name === name)?.fresh ?? "");
          }}
        />
      )}
      {form.locked === null && (
        <ul className="more" aria-label={words.forms.addTo(asked.title)}>
          {missing.slice(0, OFFERED).map(({ name, help, required, fresh }) => (
            <li key={name}>
              <button
                type="button"
                title={help}
                className={required ? "required" : ""}
                onClick={() => put(name, fresh)}
              >
                + {name}
                {required && <span className="unseen"> {words.forms.required}</span>}
              </button>
            </li>
          ))}
          <li>
            <button type="button" onClick={() => add(true)}>
              +{" "}
              {missing.length > OFFERED
                ? words.forms.another(missing.length - OFFERED)
                : words.forms.member(asked.field.kind)}
            </button>
          </li>
          {mayBeExpression && value === undefined && (
            <li>
              <button type="button" onClick={() => form.set(at, "{% $states.input %}", asked.title)}>
                + {words.forms.expression}
              </button>
            </li>
          )}
        </ul>
      )}
      {isAsked && <p className="asked">{words.forms.asking}</p>}
    </>
  );
}
