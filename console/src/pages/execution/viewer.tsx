import Alert from "@cloudscape-design/components/alert";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { ExecutionActs } from "../../acts/execution_acts";
import { useRight } from "../../acts/rights";
import { executionArn } from "../../api/arns";
import { definitionOf, execution as executionQuery, isOver } from "../../api/executions";
import type { Execution } from "../../api/generated/console";
import { useStream } from "../../api/live";
import { hearingExecution } from "../../api/live_execution";
import { me } from "../../api/session";
import { someVisits, type Visits, visitOf } from "../../api/visits";
import { Canvas } from "../../canvas/canvas";
import { HeatChoice, heatMarks } from "../../canvas/heat";
import { isOutermostState } from "../../document/pointer";
import { valueAt } from "../../document/value";
import { stateText } from "../../execution/state_text";
import type { Visit } from "../../execution/visits";
import { graphOf } from "../../graph/of_definition";
import { Broken, Loading } from "../../shell/broken";
import { Choices } from "../../shell/choices";
import { useHere } from "../../shell/here";
import { look, seenAs } from "../../shell/looked_at";
import { useTitle } from "../../shell/title";
import { Slider } from "../../slider/slider";
import { useMoment } from "../../slider/use_moment";
import { Timeline } from "../../timeline/timeline";
import { type Range, readZoom, writeZoom } from "../../timeline/zoom";
import { words } from "../../words";
import { ComparisonStrip, comparisonMarks, useCompared } from "./compared";
import { EventPanel } from "./event_panel";
import { EventsView } from "./events_view";
import { FailurePanel, RetryingPanel } from "./failure";
import { ViewerHeader } from "./header";
import { useJoint } from "./joint";
import { type Shown, usePicture } from "./picture";
import { type Change, VIEWS, type ViewerSearch } from "./search";
import { UnderBar } from "./under_bar";
import { NothingChosen, VisitPanel } from "./visit_panel";
import { VisitsTable } from "./visits_table";
import "./viewer.css";

const TryDialog = lazy(() => import("./try_dialog").then((found) => ({ default: found.TryDialog })));
const RedriveDialog = lazy(() =>
  import("../../acts/redrive_dialog").then((found) => ({ default: found.RedriveDialog })),
);
const CompareDialog = lazy(() => import("./compare_dialog").then((found) => ({ default: found.CompareDialog })));

const FROM = "/$namespace/executions/$machine/$name" as const;

/** One execution: how it stands, why it failed, and everything that it did. */
export function Viewer() {
  const { place } = useHere();
  const { machine, name } = useParams({ from: FROM });
  const search = useSearch({ from: FROM });
  const { state, visit: visitId, part, event, at: moment, under, zoom, heat, with: other } = search;
  const navigate = useNavigate({ from: FROM });
  useTitle(name, machine);
  const arn = executionArn(place, machine, name);
  const link = useStream(`execution:${arn}`, hearingExecution);
  const { data: execution, error } = useQuery(executionQuery(arn, link));
  const { data: revision, error: unread } = useQuery(definitionOf(arn, execution?.revision));
  const isRunning = execution !== undefined && !isOver(execution);
  const { view = "graph" } = search;
  const hasLogs = useSuspenseQuery(me).data.features.logs ?? false;
  useEffect(() => {
    if (execution && isOver(execution)) look(seenAs(execution));
  }, [execution]);
  const [tried, setTried] = useState<Visit | null>(null);
  const [isChoosing, setChoosing] = useState(false);
  const [again, goOnAt] = useState<string | null>(null);
  const mayRedrive = !useRight("RedriveExecutionFrom").disabled && execution?.redrivable === true;
  const show = useCallback(
    (change: Change) => void navigate({ search: (before) => without({ ...before, ...change }), replace: true }),
    [navigate],
  );
  const [at, go] = useMoment(
    moment,
    useCallback((to) => show({ at: to }), [show]),
  );
  const definition = useMemo(() => parsed(revision?.text), [revision?.text]);
  const graph = useMemo(() => graphOf(definition), [definition]);
  const areAllWanted = view === "timeline";
  // What has ended is not asked for again and again.
  const heard = isRunning ? link : "live";
  const picture = usePicture(arn, execution, heard, { at, under, areAllWanted, definition });
  const { visits, tallies, more, told } = picture;
  const failed = useFailed(arn, execution, told);
  const compared = useCompared(place, machine, other, visits);
  const marks = useMemo(() => {
    if (compared?.comparison) return comparisonMarks(compared.comparison);
    return heat && heatMarks(tallies, heat);
  }, [compared?.comparison, tallies, heat]);

  const ofState = useOfState(arn, picture, state);
  const selected = ofState.find(({ id }) => id === visitId) ?? ofState.at(-1);

  const choose = useCallback(
    (visit: Visit) => show({ state: visit.pointer, visit: visit.id, event: undefined }),
    [show],
  );
  const chooseState = useCallback(
    (wanted: string | null) => show({ state: wanted ?? undefined, visit: undefined, event: undefined }),
    [show],
  );

  const joint = useJoint(arn, picture.all, definition, search, show);
  const started = execution?.started ?? 0;
  const zoomTo = useCallback((range: Range | undefined) => show({ zoom: writeZoom(range, started) }), [show, started]);

  if (error && !execution) return <Broken error={error} />;
  if (unread && !revision) return <Broken error={unread} />;
  if (!execution || !revision) return <Loading />;
  const node = graph.nodes.find(({ id }) => id === state);
  const open = told ? told.visits.filter(({ outcome }) => outcome === null) : execution.current.map(visitOf);
  const current = innermost(open);
  const run = { execution, machine, revision, definition, visits };

  return (
    <div className="viewer">
      <ViewerHeader
        execution={execution}
        definition={revision}
        current={at === undefined ? current.map(({ path }) => path) : []}
        link={link}
        isPast={at !== undefined}
        acts={<ExecutionActs execution={execution} onCompare={() => setChoosing(true)} />}
      />
      <div>
        {picture.error && (
          <Alert type="info" header={words.viewer.unknown}>
            {picture.error.message}
          </Alert>
        )}
        {told && told.visits.length > 0 && <p className="inferred">{words.imported.inferred}</p>}
        {compared && (
          <ComparisonStrip
            compared={compared}
            onShow={({ pointer, here }) =>
              show({ state: pointer, visit: here?.id, part: "compared", event: undefined })
            }
            onEnd={() => show({ with: undefined })}
          />
        )}
        {isRunning ? (
          <RetryingPanel visits={current.filter(({ attempts }) => attempts > 1)} onShow={choose} />
        ) : (
          <FailurePanel
            execution={execution}
            visit={failed}
            state={failed ? valueAt(definition, failed.pointer) : undefined}
            onShow={choose}
            onTry={setTried}
            {...(hasLogs
              ? { onLogs: ({ pointer, id }) => show({ state: pointer, visit: id, part: "logs", event: undefined }) }
              : {})}
          />
        )}
      </div>
      <div className="stage">
        <section className="views">
          <div className="switch">
            <Choices
              label={words.viewer.views}
              of={VIEWS}
              chosen={view}
              said={words.viewer}
              onChoose={(wanted) => show({ view: wanted })}
            />
            {under !== undefined && <UnderBar under={under} onUnder={(wanted) => show({ under: wanted })} />}
            {view === "graph" && !compared && <HeatChoice heat={heat} onHeat={(wanted) => show({ heat: wanted })} />}
          </div>
          <div className="view">
            {view === "graph" && (
              <Canvas
                graph={graph}
                tallies={tallies}
                taken={picture.taken}
                marks={marks}
                selected={state ?? null}
                onSelect={chooseState}
              />
            )}
            {view === "timeline" && (
              <Timeline
                visits={picture.all}
                moments={picture.moments}
                started={execution.started}
                ended={execution.stopped ?? null}
                at={at}
                selected={selected?.id}
                onSelect={choose}
                zoom={readZoom(zoom, execution.started)}
                onZoom={zoomTo}
                isPartial={more !== null}
                nested={joint}
              />
            )}
            {view === "table" && (
              <VisitsTable
                visits={visits}
                started={execution.started}
                selected={selected?.id}
                onSelect={choose}
                more={more}
                arranging={search}
                onArrange={show}
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
          {view !== "events" && (
            <Slider
              moments={picture.moments}
              started={execution.started}
              ended={execution.stopped ?? null}
              at={at}
              onAt={go}
            />
          )}
        </section>
        <aside className="aside-panel" aria-label={words.visit.label}>
          {event !== undefined ? (
            <EventPanel execution={arn} id={event} onClose={() => show({ event: undefined })} />
          ) : node?.kind === "state" ? (
            <VisitPanel
              run={run}
              isInferred={told !== null}
              name={node.name}
              type={node.type}
              visits={ofState}
              visit={selected}
              definition={stateText(revision.text, node.id)}
              under={under}
              part={part}
              hasLogs={hasLogs}
              compared={compared}
              onShow={show}
              onTry={setTried}
              onRedrive={mayRedrive && isOutermostState(node.id) ? () => goOnAt(node.id) : undefined}
              onVisit={choose}
              onClose={() => chooseState(null)}
            />
          ) : (
            <NothingChosen />
          )}
        </aside>
      </div>
      <Suspense fallback={null}>
        {tried && <TryDialog run={run} visit={tried} onClose={() => setTried(null)} />}
        {again !== null && <RedriveDialog execution={execution} at={again} onClose={() => goOnAt(null)} />}
        {isChoosing && (
          <CompareDialog
            execution={execution}
            onChoose={(name) => {
              setChoosing(false);
              show({ with: name });
            }}
            onClose={() => setChoosing(false)}
          />
        )}
      </Suspense>
    </div>
  );
}

/** The visit at which it ended: the last that failed. */
function useFailed(arn: string, execution: Execution | undefined, told: Visits | null): Visit | null {
  const standing = execution?.status === "TIMED_OUT" ? "TimedOut" : "Failed";
  const isWanted = execution?.status === "FAILED" || execution?.status === "TIMED_OUT";
  const { data = [] } = useQuery(someVisits(arn, { standing }, isWanted && told === null));
  const all = told ? told.visits.filter(({ outcome }) => outcome === standing) : data;
  return all.reduce<Visit | null>((found, visit) => (found && found.id > visit.id ? found : visit), null);
}

/** All visits of one state. Where not all visits of the execution were fetched, these are. */
function useOfState(arn: string, { of, more }: Shown, state: string | undefined): readonly Visit[] {
  const isPartial = more !== null;
  const { data } = useQuery(someVisits(arn, state ? { pointer: state } : {}, isPartial && state !== undefined));
  const found = useMemo(() => (state === undefined ? [] : of(state)), [of, state]);
  return isPartial ? (data ?? found) : found;
}

/** Without the states around others of them. */
const innermost = (visits: readonly Visit[]): Visit[] =>
  visits.filter(({ path }) => !visits.some((other) => other.path.startsWith(`${path}[`)));

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
