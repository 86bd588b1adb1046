import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { StartButton } from "../../acts/start_button";
import { machineArn } from "../../api/arns";
import { version as versionQuery } from "../../api/versions";
import { DefinitionView, statesOf, useDefinition } from "../../canvas/definition_view";
import { machinePath } from "../../paths";
import { Anchor } from "../../shell/anchor";
import { Broken, Loading } from "../../shell/broken";
import { Choices } from "../../shell/choices";
import { useHere } from "../../shell/here";
import { Moment } from "../../shell/moment";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import { SHOWN } from "./search";

const FROM = "/$namespace/machines/$machine/versions/$version" as const;

// It brings an editor along.
const Differences = lazy(() => import("./differences").then((found) => ({ default: found.Differences })));

/** A published version of a state machine: what it runs, and what is different in others. */
export function VersionPage() {
  const { namespace, place } = useHere();
  const { machine: name, version } = useParams({ from: FROM });
  const { shown = "graph", against } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const title = words.versions.named(Number(version));
  useTitle(`${name}: ${title}`);
  const machine = machineArn(place, name);
  const arn = `${machine}:${version}`;
  const { data, error } = useQuery(versionQuery(arn));
  const definition = useDefinition(data?.definition);
  if (error && !data) return <Broken error={error} />;
  if (!data) return <Loading />;
  return (
    <div className="page">
      <SpaceBetween size="l">
        <div>
          <Anchor className="up" href={machinePath(namespace, name)}>
            {name}
          </Anchor>
          <Header
            variant="h1"
            actions={<StartButton machine={machine} by={arn} />}
            {...(data.description ? { description: data.description } : {})}
          >
            {title}
          </Header>
        </div>
        <section className="card facts">
          <KeyValuePairs
            columns={3}
            items={[
              { label: words.versions.published, value: <Moment at={data.creationDate * 1000} /> },
              { label: words.machines.type, value: words.types[data.type] ?? data.type },
              { label: words.machine.role, value: data.roleArn },
            ]}
          />
        </section>
        <section className="card definition" aria-label={words.machine.definition}>
          <div className="bar">
            <Header variant="h2" counter={`(${words.machine.states(statesOf(definition))})`}>
              {words.machine.definition}
            </Header>
            <Choices
              label={words.machine.definition}
              of={SHOWN}
              chosen={shown}
              said={words.versions.shown}
              onChoose={(wanted) =>
                void navigate({ search: (before) => ({ ...before, shown: wanted }), replace: true })
              }
            />
          </div>
          {shown === "differences" ? (
            <Suspense fallback={<Loading />}>
              <Differences
                machine={machine}
                number={Number(version)}
                text={data.definition}
                against={against}
                onAgainst={(number) =>
                  void navigate({
                    search: ({ against: _, ...rest }) => (number === undefined ? rest : { ...rest, against: number }),
                    replace: true,
                  })
                }
              />
            </Suspense>
          ) : (
            <div className="picture">
              <DefinitionView of={definition} shown={shown} />
            </div>
          )}
        </section>
      </SpaceBetween>
    </div>
  );
}
