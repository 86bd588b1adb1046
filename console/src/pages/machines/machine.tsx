import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { machineArn } from "../../api/arns";
import { machine as machineQuery } from "../../api/machines";
import { Canvas } from "../../canvas/canvas";
import { JsonView } from "../../data/json_view";
import { graphOf } from "../../graph/of_definition";
import { ExecutionsTable } from "../../lists/executions_table";
import { machinesPath } from "../../paths";
import { Anchor } from "../../shell/anchor";
import { Broken, Loading } from "../../shell/broken";
import { useHere } from "../../shell/here";
import { Moment } from "../../shell/moment";
import { Status } from "../../shell/status";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import "./machine.css";

export function MachinePage() {
  const { namespace, place } = useHere();
  const { machine: name } = useParams({ from: "/$namespace/machines/$machine" });
  const { shown = "graph", status } = useSearch({ from: "/$namespace/machines/$machine" });
  const navigate = useNavigate({ from: "/$namespace/machines/$machine" });
  useTitle(name);
  const arn = machineArn(place, name);
  const { data, error } = useQuery(machineQuery(arn));
  const text = data?.definition;
  const definition = useMemo(() => parsed(text), [text]);
  const graph = useMemo(() => graphOf(definition), [definition]);
  if (error && !data) return <Broken error={error} />;
  if (!data) return <Loading />;
  const states = graph.nodes.filter((node) => node.kind === "state").length;
  return (
    <div className="page">
      <SpaceBetween size="l">
        <div>
          <Anchor className="up" href={machinesPath(namespace)}>
            {words.pages.machines}
          </Anchor>
          <Header variant="h1" {...(data.description ? { description: data.description } : {})}>
            {name}
          </Header>
        </div>
        <section className="card facts">
          <KeyValuePairs
            columns={4}
            items={[
              { label: words.machine.status, value: <Status of={data.status} /> },
              { label: words.machines.type, value: words.types[data.type] ?? data.type },
              { label: words.machines.created, value: <Moment at={data.creationDate * 1000} /> },
              { label: words.machine.role, value: <Box>{data.roleArn}</Box> },
            ]}
          />
        </section>
        <section className="card definition" aria-label={words.machine.definition}>
          <div className="bar">
            <Header variant="h2" counter={`(${words.machine.states(states)})`}>
              {words.machine.definition}
            </Header>
            <SegmentedControl
              label={words.machine.definition}
              selectedId={shown}
              options={[
                { id: "graph", text: words.machine.graph },
                { id: "text", text: words.machine.text },
              ]}
              onChange={({ detail }) =>
                void navigate({
                  search: (before) => ({ ...before, shown: detail.selectedId === "text" ? "text" : "graph" }),
                  replace: true,
                })
              }
            />
          </div>
          <div className="picture">
            {shown === "text" ? (
              <JsonView text={data.definition} label={words.machine.definition} />
            ) : definition === undefined ? (
              <Box padding="l">{words.machine.notJson}</Box>
            ) : (
              <Canvas graph={graph} />
            )}
          </div>
        </section>
        <ExecutionsTable
          wanted={{ namespace, machine: arn, status }}
          onStatus={(wanted) =>
            void navigate({
              search: ({ status: _, ...rest }) => (wanted ? { ...rest, status: wanted } : rest),
              replace: true,
            })
          }
        />
      </SpaceBetween>
    </div>
  );
}

/** undefined: it is no JSON. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return undefined;
  }
}
