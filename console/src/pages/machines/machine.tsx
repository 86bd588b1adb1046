import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useInfiniteQuery, useQueries, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback } from "react";
import { StartButton } from "../../acts/start_button";
import { machineArn } from "../../api/arns";
import { executions } from "../../api/executions";
import type { Tallies } from "../../api/generated/console";
import { machine as machineQuery } from "../../api/machines";
import { me } from "../../api/session";
import { machineFacts } from "../../api/studio";
import { talliesOf } from "../../api/visits";
import { DefinitionView, statesOf, useDefinition } from "../../canvas/definition_view";
import { HeatChoice, heatMarks } from "../../canvas/heat";
import { type Heat, merged } from "../../execution/heat";
import { ExecutionsTable } from "../../lists/executions_table";
import { dashboardPath, editPath, machinesPath } from "../../paths";
import { Anchor, useFollow } from "../../shell/anchor";
import { Broken, Loading } from "../../shell/broken";
import { Choices } from "../../shell/choices";
import { useHere } from "../../shell/here";
import { Moment } from "../../shell/moment";
import { Status } from "../../shell/status";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import { DriftNotice } from "./drift";
import { ExportChoice } from "./export_choice";
import { SHOWN } from "./search";

// Fetched while the definition is looked at already.
const Versions = lazy(() => import("./versions").then((found) => ({ default: found.Versions })));

export function MachinePage() {
  const { namespace, place } = useHere();
  const { machine: name } = useParams({ from: "/$namespace/machines/$machine" });
  const { shown = "graph", status, heat } = useSearch({ from: "/$namespace/machines/$machine" });
  const navigate = useNavigate({ from: "/$namespace/machines/$machine" });
  const follow = useFollow();
  const { features } = useSuspenseQuery(me).data;
  useTitle(name);
  const arn = machineArn(place, name);
  const { data, error } = useQuery(machineQuery(arn));
  const definition = useDefinition(data?.definition);
  const { data: facts } = useQuery(machineFacts(arn));
  const { marks, executions: warmed } = useHeat(namespace, arn, heat);
  if (error && !data) return <Broken error={error} />;
  if (!data) return <Loading />;
  return (
    <div className="page">
      <SpaceBetween size="l">
        <div>
          <Anchor className="up" href={machinesPath(namespace)}>
            {words.pages.machines}
          </Anchor>
          <Header
            variant="h1"
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                {features.metrics && data.type === "STANDARD" && (
                  <Button href={dashboardPath(namespace, { machine: name })} onFollow={follow}>
                    {words.pages.dashboard}
                  </Button>
                )}
                <StartButton machine={arn} />
              </SpaceBetween>
            }
            {...(data.description ? { description: data.description } : {})}
          >
            {name}
          </Header>
        </div>
        {facts?.unready && (
          <Alert
            type="warning"
            header={words.machine.unready(words.machine.reasons[facts.unready.reason] ?? facts.unready.reason)}
            {...(facts.unready.pointer && {
              action: (
                <Button href={editPath(namespace, name, facts.unready.pointer)} onFollow={follow}>
                  {words.machine.toPlace}
                </Button>
              ),
            })}
          >
            {facts.unready.message}
          </Alert>
        )}
        {facts?.managedBy && facts.drift && (
          <DriftNotice drift={facts.drift} managedBy={facts.managedBy} definition={data.definition} />
        )}
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
            <Header variant="h2" counter={`(${words.machine.states(statesOf(definition))})`}>
              {words.machine.definition}
            </Header>
            {shown === "graph" && (
              <span className="heat">
                {heat && <small>{words.heat.ofMany(warmed)}</small>}
                <HeatChoice
                  heat={heat}
                  onHeat={(wanted) =>
                    void navigate({
                      search: ({ heat: _, ...rest }) => (wanted ? { ...rest, heat: wanted } : rest),
                      replace: true,
                    })
                  }
                />
              </span>
            )}
            <Button href={editPath(namespace, name)} onFollow={follow}>
              {words.studio.edit}
            </Button>
            <ExportChoice name={name} definition={data.definition} />
            <Choices
              label={words.machine.definition}
              of={SHOWN}
              chosen={shown}
              said={words.machine}
              onChoose={(wanted) =>
                void navigate({ search: (before) => ({ ...before, shown: wanted }), replace: true })
              }
            />
          </div>
          <div className="picture">
            <DefinitionView of={definition} shown={shown} marks={marks} />
          </div>
        </section>
        {features.versions && (
          <Suspense fallback={<section className="card coming" />}>
            <Versions machine={arn} name={name} />
          </Suspense>
        )}
        {data.type === "EXPRESS" ? (
          <section className="card facts">
            <Header variant="h2" description={words.machine.expressText}>
              {words.machine.executions}
            </Header>
          </section>
        ) : (
          <ExecutionsTable
            wanted={{ namespace, machine: arn, status }}
            onStatus={(wanted) =>
              void navigate({
                search: ({ status: _, ...rest }) => (wanted ? { ...rest, status: wanted } : rest),
                replace: true,
              })
            }
          />
        )}
      </SpaceBetween>
    </div>
  );
}

const MOST_WARMED = 20;

/** Of the executions that were started last, whatever revision they ran: what is in none of the states now is not shown. */
function useHeat(namespace: string, machine: string, heat: Heat | undefined) {
  const { data } = useInfiniteQuery({ ...executions({ namespace, machine }), enabled: heat !== undefined });
  const rows = data?.pages[0]?.rows.slice(0, MOST_WARMED) ?? [];
  const combine = useCallback(
    (answers: { data: Tallies | undefined }[]) => {
      const told = answers.flatMap(({ data }) => (data ? [new Map(Object.entries(data.tallies))] : []));
      return { marks: heat && heatMarks(merged(told), heat), executions: told.length };
    },
    [heat],
  );
  return useQueries({ queries: heat ? rows.map(({ arn }) => talliesOf(arn, "live")) : [], combine });
}
