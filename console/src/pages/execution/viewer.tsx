import SegmentedControl from "@cloudscape-design/components/segmented-control";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { executionArn } from "../../api/arns";
import { ApiFailure } from "../../api/client";
import { definitionOf, execution as executionQuery, isOver } from "../../api/executions";
import type { Execution } from "../../api/generated/console";
import { someVisits, useVisits, visitOf } from "../../api/visits";
import { Canvas } from "../../canvas/canvas";
import { taken, type Visit } from "../../execution/visits";
import { graphOf } from "../../graph/of_definition";
import { Broken, Loading } from "../../shell/broken";
import { useHere } from "../../shell/here";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import { EventPanel } from "./event_panel";
import { EventsView } from "./events_view";
import { FailurePanel, RetryingPanel } from "./failure";
import { ViewerHeader } from "./header";
import type { View, ViewerSearch } from "./search";
import { NothingChosen, VisitPanel } from "./visit_panel";
import { VisitsTable } from "./visits_table";
import "./viewer.css";

const FROM = "/$namespace/executions/$machine/$name" as const;
const VIEWS: { id: View; text: string }[] = [
  { id: "graph", text: words.viewer.graph },
  { id: "table", text: words.viewer.table },
  { id: "events", text: words.viewer.events },
];

/** One execution: how it stands, why it failed, and everything that it did. */
export function Viewer() {
  const { namespace, place } = useHere();
  const { machine, name } = useParams({ from: FROM });
  const { view = "graph", state, visit: visitId, event } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  useTitle(name, machine);
  const arn = executionArn(place, machine, name);
  const { data: execution, error } = useQuery(executionQuery(arn));
  const { data: revision } = useQuery(definitionOf(arn, execution?.revision));
  const isRunning = execution !== undefined && !isOver(execution);
  const moment = `${execution?.status} ${execution?.redrives} ${execution?.stopped}`;
  const { visits, tallies, more } = useVisits(arn, isRunning, moment);
  const failed = useFailed(arn, execution);

  const definition = useMemo(() => parsed(revision?.text), [revision?.text]);
  const graph = useMemo(() => graphOf(definition), [definition]);
  const ways = useMemo(() => taken(visits), [visits]);
  const ofState = useOfState(arn, visits, state, more !== null);
  const selected = ofState.find(({ id }) => id === visitId) ?? ofState.at(-1);

  const show = useCallback(
    (change: Change) => void navigate({ search: (before) => without({ ...before, ...change }), replace: true }),
    [navigate],
  );
  const choose = useCallback(
    (visit: Visit) => show({ state: visit.pointer, visit: visit.id, event: undefined }),
    [show],
  );
  const chooseState = useCallback(
    (wanted: string | null) => show({ state: wanted ?? undefined, visit: undefined, event: undefined }),
    [show],
  );

  if (error && !execution) return <Broken error={missing(error) ? new Error(words.viewer.goneText) : error} />;
  if (!execution || !revision) return <Loading />;
  const node = graph.nodes.find(({ id }) => id === state);
  const current = innermost(execution.current.map(visitOf));

  return (
    <div className="viewer">
      <ViewerHeader
        execution={execution}
        namespace={namespace}
        machine={machine}
        definition={revision}
        current={current.map(({ path }) => path)}
      />
      <div>
        {isRunning ? (
          <RetryingPanel visits={current.filter(({ attempts }) => attempts > 1)} onShow={choose} />
        ) : (
          <FailurePanel execution={execution} visit={failed} onShow={choose} />
        )}
      </div>
      <div className="stage">
        <section className="views">
          <div className="switch">
            <SegmentedControl
              label={words.viewer.views}
              selectedId={view}
              options={VIEWS}
              onChange={({ detail }) => show({ view: detail.selectedId as View })}
            />
          </div>
          <div className="view">
            {view === "graph" && (
              <Canvas graph={graph} tallies={tallies} taken={ways} selected={state ?? null} onSelect={chooseState} />
            )}
            {view === "table" && (
              <VisitsTable
                visits={visits}
                started={execution.started}
                selected={selected?.id}
                onSelect={choose}
                more={more}
              />
            )}
            {view === "events" && (
              <EventsView
                execution={arn}
                newest={execution.lastEvent}
                started={execution.started}
                selected={event}
                onSelect={(wanted) => show({ event: wanted, state: undefined, visit: undefined })}
              />
            )}
          </div>
        </section>
        <aside className="aside-panel" aria-label={words.visit.label}>
          {event !== undefined ? (
            <EventPanel execution={arn} id={event} onClose={() => show({ event: undefined })} />
          ) : node?.kind === "state" ? (
            <VisitPanel
              execution={arn}
              name={node.name}
              type={node.type}
              visits={ofState}
              visit={selected}
              definition={stateText(definition, node.id)}
              onVisit={choose}
              onClose={() => chooseState(null)}
            />
          ) : (
            <NothingChosen />
          )}
        </aside>
      </div>
    </div>
  );
}

/** The visit at which it ended: the last that failed. */
function useFailed(arn: string, execution: Execution | undefined): Visit | null {
  const standing = execution?.status === "TIMED_OUT" ? "TimedOut" : "Failed";
  const isWanted = execution?.status === "FAILED" || execution?.status === "TIMED_OUT";
  const { data = [] } = useQuery(someVisits(arn, { standing }, isWanted));
  return data.reduce<Visit | null>((found, visit) => (found && found.id > visit.id ? found : visit), null);
}

/** All visits of one state. Where not all visits of the execution were fetched, these are. */
function useOfState(
  arn: string,
  visits: readonly Visit[],
  state: string | undefined,
  isPartial: boolean,
): readonly Visit[] {
  const { data } = useQuery(someVisits(arn, state ? { pointer: state } : {}, isPartial && state !== undefined));
  const found = useMemo(() => visits.filter(({ pointer }) => pointer === state), [visits, state]);
  return isPartial ? (data ?? found) : found;
}

/** Without the states around others of them. */
const innermost = (visits: readonly Visit[]): Visit[] =>
  visits.filter(({ path }) => !visits.some((other) => other.path.startsWith(`${path}[`)));

const missing = (error: Error) => error instanceof ApiFailure && error.code === "ExecutionDoesNotExist";

type Change = { [Key in keyof ViewerSearch]?: ViewerSearch[Key] | undefined };

/** What is undefined does not stand in the address. */
const without = (search: Change): ViewerSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function stateText(definition: unknown, pointer: string): string | null {
  let value: unknown = definition;
  for (const token of pointer.split("/").slice(1)) {
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value === undefined ? null : JSON.stringify(value);
}
