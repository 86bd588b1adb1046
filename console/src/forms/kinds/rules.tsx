/** The rules of a Choice, in their order: a condition each, and what follows if it is true. */
import Button from "@cloudscape-design/components/button";
import type { Value } from "../../document";
import type { Content } from "../../document/content";
import { child } from "../../document/pointer";
import { ofRule } from "../../graph/words";
import { OPERATORS } from "../../language/fields";
import { words } from "../../words";
import { EMPTY, membersOf } from "../conditions";
import { FieldGroup, Troubles } from "../field";
import { Fields } from "../fields";
import { type Form, useForm } from "../form";
import { Builder } from "./builder";
import { Json } from "./json";
import { Ordered } from "./ordered";
import type { EditorProps } from "./props";

/** What the builder shows. */
const CONDITION: ReadonlySet<string> = new Set(["Variable", "And", "Or", "Not", ...Object.keys(OPERATORS)]);
const NOTHING: ReadonlySet<string> = new Set();

export function Rules(props: EditorProps) {
  const { asked, at, beside } = props;
  const form = useForm();
  const value = form.at(at);
  if (value !== undefined && !Array.isArray(value)) return <Json {...props} />;
  const rules = (value ?? []) as readonly Value[];
  return (
    <FieldGroup asked={asked} at={at} beside={beside}>
      <Ordered asked={asked} list={at} items={rules} titleOf={titleOf}>
        {(rule, index) => (
          <>
            <Troubles of={form.troubles(child(at, index), false)} />
            {form.language === "JSONPath" && <Builder asked={asked} at={child(at, index)} rule={rule} />}
            <Fields
              holder={`${asked.place}[]`}
              at={child(at, index)}
              elsewhere={form.language === "JSONPath" ? CONDITION : NOTHING}
            />
          </>
        )}
      </Ordered>
      <Button
        iconName="add-plus"
        disabled={form.locked !== null}
        onClick={() => form.append(at, fresh(form), asked.title)}
      >
        {words.forms.addRule}
      </Button>
    </FieldGroup>
  );
}

const titleOf = (rule: Value, index: number): string => ofRule(rule) || words.forms.entry(index + 1);

function fresh(form: Form): Content {
  const next = form.siblings.find((each) => each !== form.name) ?? form.name;
  if (form.language === "JSONata") return { Condition: "{% true %}", Next: next };
  return new Map<string, Content>([...(membersOf(EMPTY) as Map<string, Content>), ["Next", next]]);
}
