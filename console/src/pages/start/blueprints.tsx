import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { keepDraft } from "../../acts/drafts";
import { useRight } from "../../acts/rights";
import { useAct } from "../../acts/use_act";
import type { Place } from "../../api/arns";
import type { Blueprint } from "../../api/generated/console";
import { blueprints, createMachine } from "../../api/studio";
import { indented } from "../../execution/json_text";
import { machinePath, newPath } from "../../paths";
import { Anchor } from "../../shell/anchor";
import { useHere } from "../../shell/here";
import { words } from "../../words";

/** Workflows to begin with: those that need nothing come first. */
export function Blueprints() {
  const { data, error } = useQuery(blueprints);
  if (error) return <Alert type="error">{error.message}</Alert>;
  if (!data) return <Spinner />;
  return (
    <ul className="blueprints">
      {data.blueprints.map((each) => (
        <li key={each.name} className="card">
          <Card of={each} />
        </li>
      ))}
    </ul>
  );
}

function Card({ of }: { of: Blueprint }) {
  const { namespace, place } = useHere();
  const { history } = useRouter();
  const right = useRight("CreateStateMachine");
  const { name, title, description, shows, needs, input } = of;
  const acting = useAct(
    () => make(of, place),
    (arn) => {
      keepDraft(arn, indented(input));
      history.push(machinePath(namespace, name));
    },
  );
  return (
    <>
      <h3>{title}</h3>
      <p>{description}</p>
      <dl>
        <dt>{words.start.shows}</dt>
        <dd>{shows.join(", ")}</dd>
        <dt>{words.start.needs}</dt>
        <dd>{needs.length ? needs.join("; ") : words.start.needsNothing}</dd>
      </dl>
      {acting.refused && <Alert type="error">{acting.refused.message}</Alert>}
      <div className="acts">
        <Button
          variant={needs.length ? "normal" : "primary"}
          ariaLabel={`${words.start.make}: ${title}`}
          loading={acting.isUnderWay}
          onClick={acting.run}
          {...right}
        >
          {words.start.make}
        </Button>
        <Anchor href={newPath(namespace, name)}>{words.start.change}</Anchor>
      </div>
    </>
  );
}

/** A state machine of that name. Gives its ARN; raises ApiFailure, also where there is another one. */
async function make({ name, definition }: Blueprint, { partition, account }: Place): Promise<string> {
  // Only whoever makes one needs to read YAML.
  const { convert, open } = await import("../../document");
  const json = convert(open(definition, "yaml")).document.text;
  const roleArn = `arn:${partition}:iam::${account}:role/stepwright`;
  return createMachine({ name, type: "STANDARD", roleArn, definition: json });
}
