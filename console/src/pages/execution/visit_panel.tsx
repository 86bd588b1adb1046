import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense } from "react";
import type { Attempt, Text as StoredText, VisitData } from "../../api/generated/console";
import { visitData } from "../../api/visits";
import { ChangesView } from "../../data/changes_view";
import { JsonView } from "../../data/json_view";
import { hasFields, type Run } from "../../execution/trial";
import type { Visit } from "../../execution/visits";
import { Duration, Moment } from "../../shell/moment";
import { OutcomeStatus } from "../../shell/status";
import { type Tab, Tabs } from "../../shell/tabs";
import { words } from "../../words";
import { size } from "../../words/time";
import { type Compared, ComparedData } from "./compared";
import { hasIterations, Iterations } from "./iterations";
import type { Change, Part } from "./search";
import { Started } from "./started";

const LogsView = lazy(() => import("./logs_view").then((found) => ({ default: found.LogsView })));
const FieldsView = lazy(() => import("./fields_view").then((found) => ({ default: found.FieldsView })));

interface Props {
  run: Run;
  /** Its visits are inferred from events: there are no lists of iterations. */
  isInferred: boolean;
  name: string;
  type: string;
  /** All visits of this state that are known. */
  visits: readonly Visit[];
  visit: Visit | undefined;
  definition: string | null;
  /** The iteration or branch that is looked at. */
  under: string | undefined;
  /** Which of its parts is shown. */
  part: Part | undefined;
  hasLogs: boolean;
  compared: Compared | null;
  onTry: (visit: Visit) => void;
  /** Absent where the execution cannot go on here. */
  onRedrive?: (() => void) | undefined;
  onVisit: (visit: Visit) => void;
  onShow: (change: Change) => void;
  onClose: () => void;
}

/** What went into a state, what came out, and what happened between. */
export function VisitPanel({ name, type, visits, visit, onTry, onRedrive, onVisit, onClose, ...rest }: Props) {
  return (
    <div className="panel">
      <div className="top">
        <h2>
          {name}
          <small>{visit && visit.path !== name ? `${type} · ${visit.path}` : type}</small>
        </h2>
        <Button variant="icon" iconName="close" ariaLabel={words.visit.close} onClick={onClose} />
      </div>
      {visits.length > 1 && visit && <Pager visits={visits} visit={visit} onVisit={onVisit} />}
      {visit ? <Facts visit={visit} /> : <p>{words.visit.notVisited}</p>}
      {(visit || onRedrive) && (
        <div className="acts">
          {visit && <Button onClick={() => onTry(visit)}>{words.trying.title}</Button>}
          {onRedrive && <Button onClick={onRedrive}>{words.redriving.here}</Button>}
        </div>
      )}
      {visit && <Started execution={rest.run.execution.arn} visit={visit} definition={rest.definition} />}
      <Parts visit={visit} {...rest} />
    </div>
  );
}

export function Pager({
  visits,
  visit,
  onVisit,
}: {
  visits: readonly Visit[];
  visit: Visit;
  onVisit: (visit: Visit) => void;
}) {
  const at = visits.findIndex(({ id }) => id === visit.id);
  const go = (to: number) => {
    const target = visits[to];
    if (target) onVisit(target);
  };
  return (
    <div className="pager">
      <Button
        variant="icon"
        iconName="angle-left"
        ariaLabel={words.visit.previous}
        disabled={at <= 0}
        onClick={() => go(at - 1)}
      />
      <span aria-live="polite">{words.visit.which(at + 1, visits.length)}</span>
      <Button
        variant="icon"
        iconName="angle-right"
        ariaLabel={words.visit.next}
        disabled={at >= visits.length - 1}
        onClick={() => go(at + 1)}
      />
    </div>
  );
}

export function Facts({ visit }: { visit: Visit }) {
  return (
    <dl>
      <dt>{words.table.status}</dt>
      <dd>
        <OutcomeStatus of={visit.outcome} />
      </dd>
      {visit.error && (
        <>
          <dt>{words.table.error}</dt>
          <dd>
            <code>{visit.error}</code>
          </dd>
        </>
      )}
      <dt>{words.table.took}</dt>
      <dd>
        <Duration from={visit.started} to={visit.ended} />
        {visit.attempts > 1 && `, ${words.failure.attempts(visit.attempts)}`}
      </dd>
      <dt>{words.table.started}</dt>
      <dd>
        <Moment at={visit.started} />
      </dd>
    </dl>
  );
}

type PartsProps = Pick<
  Props,
  "run" | "isInferred" | "visit" | "definition" | "under" | "part" | "hasLogs" | "compared" | "onShow"
>;

function Parts({ run, isInferred, visit, definition, under, part, hasLogs, compared, onShow }: PartsProps) {
  const execution = run.execution.arn;
  const { data, error } = useQuery(visitData(execution, visit));
  const waiting = error ? <p>{error.message}</p> : <Spinner />;
  const tabs: Tab<Part>[] = [];
  const add = (id: Part, content: ReactNode, label?: string) =>
    tabs.push({ id, label: label ?? words.visit.parts[id], content });
  if (visit) {
    const isMap = visit.type === "Map";
    const addInside = () => {
      if (isInferred || !hasIterations(visit, definition)) return;
      const label = isMap ? words.iterations.label : words.iterations.branches;
      add(
        "iterations",
        <Iterations key={visit.id} execution={execution} visit={visit} under={under} onShow={onShow} />,
        label,
      );
    };
    if (isMap) addInside();
    add("input", data ? <Text of={data.input} label={words.visit.input} /> : waiting);
    add("output", data ? <Output data={data} visit={visit} /> : waiting);
    if (data?.input && data.output && !data.input.cut && !data.output.cut)
      add("changes", <ChangesView before={data.input.text} after={data.output.text} />);
    if (compared)
      add("compared", <ComparedData here={{ arn: execution, visits: run.visits, visit }} there={compared} />);
    if (hasLogs && visit.type === "Task") add("logs", <LogsView execution={execution} visit={visit} />);
    if (data?.attempts.length) {
      const label = `${words.visit.attempts} (${data.attempts.length})`;
      add("attempts", <Attempts attempts={data.attempts} isRunning={visit.outcome === null} />, label);
    }
    if (!isMap) addInside();
    if (hasFields(visit)) add("fields", <FieldsView run={run} visit={visit} />);
  }
  if (definition !== null) add("definition", <JsonView text={definition} label={words.visit.definition} />);
  return (
    <Suspense fallback={<Spinner />}>
      <Tabs label={words.visit.label} tabs={tabs} chosen={part} onChoose={(wanted) => onShow({ part: wanted })} />
    </Suspense>
  );
}

function Output({ data, visit }: { data: VisitData; visit: Visit }) {
  if (data.output) return <Text of={data.output} label={words.visit.output} />;
  return <p>{visit.outcome === null ? words.visit.noOutputYet : words.visit.noOutput}</p>;
}

function Text({ of, label }: { of: StoredText | undefined; label: string }) {
  if (!of) return <p>{words.visit.noOutput}</p>;
  return (
    <>
      <div className="copying">
        <span>{of.cut ? words.visit.cut(size(of.text.length), size(of.bytes)) : size(of.bytes)}</span>
        <CopyToClipboard
          variant="icon"
          textToCopy={of.text}
          copyButtonAriaLabel={`${words.visit.copy}: ${label}`}
          copySuccessText={words.viewer.copied}
          copyErrorText={words.viewer.notCopied}
        />
      </div>
      <JsonView text={of.text} label={label} />
    </>
  );
}

/** A state's work, each time that it was tried. */
function Attempts({ attempts, isRunning }: { attempts: readonly Attempt[]; isRunning: boolean }) {
  return (
    <ol className="tries">
      {attempts.map((each, index) => (
        <li key={each.scheduled}>
          <div className="try">
            <strong>{words.visit.attempt(index + 1)}</strong>
            <OutcomeStatus of={stands(each, isRunning && index === attempts.length - 1)} />
            {each.error && <code>{each.error}</code>}
          </div>
          {each.cause && <pre>{each.cause.text}</pre>}
          {each.parameters && <Folded title={words.visit.parameters} text={each.parameters} />}
          {each.result && <Folded title={words.visit.result} text={each.result} />}
        </li>
      ))}
    </ol>
  );
}

function stands(attempt: Attempt, isUnderWay: boolean): string | null {
  if (attempt.error) return "Failed";
  return isUnderWay && attempt.ended === undefined ? null : "Succeeded";
}

const Folded = ({ title, text }: { title: string; text: StoredText }) => (
  <ExpandableSection headerText={title} variant="inline">
    <JsonView text={text.text} label={title} />
  </ExpandableSection>
);

/** Before anything is chosen. */
export const NothingChosen = () => (
  <div className="panel">
    <p className="nothing">
      <strong>{words.visit.choose}</strong>
      {words.visit.chooseText}
    </p>
  </div>
);
