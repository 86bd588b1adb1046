import Button from "@cloudscape-design/components/button";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Execution } from "../../api/generated/console";
import { lastLines } from "../../api/logs";
import { first, rulesOf } from "../../execution/failure_rules";
import type { Visit } from "../../execution/visits";
import { words } from "../../words";
import { LineText } from "./line_text";

const TITLES: Record<string, string> = {
  FAILED: words.failure.failed,
  TIMED_OUT: words.failure.timedOut,
  ABORTED: words.failure.aborted,
};
/** A longer cause is folded: it is often a stack trace. */
const FOLDED_LINES = 6;
const FOLDED_CHARACTERS = 600;
const LAST_LINES = 20;

/** What can be done about a state that has failed. */
export interface Remedies {
  onShow: (visit: Visit) => void;
  onLogs?: (visit: Visit) => void;
  onTry?: (visit: Visit) => void;
}

interface Props extends Remedies {
  execution: Execution;
  /** The one at which it ended. */
  visit: Visit | null;
  /** That of the visit, in the definition. */
  state?: unknown;
}

/** Why it failed, before anything else and without a click. */
export function FailurePanel({ execution, visit, state, ...remedies }: Props) {
  const title = TITLES[execution.status];
  if (!title) return null;
  const { error, cause, status } = execution;
  if (status === "ABORTED" && !error && !cause) return null;
  return (
    <section className={`failure ${status}`} aria-label={title}>
      <div className="what">
        <h2>{title}</h2>
        {error && <code className="error">{error}</code>}
        {visit && (
          <span className="where">
            {words.failure.inState} <strong>{visit.path}</strong>
            {tried(visit, state)}
          </span>
        )}
        {visit && <Buttons visit={visit} {...remedies} />}
      </div>
      <Cause text={cause} />
      {visit && status !== "ABORTED" && <p className="rules">{ruled(visit, state).join(" ")}</p>}
      {visit && remedies.onLogs && <LastLines execution={execution.arn} visit={visit} />}
    </section>
  );
}

function Buttons({ visit, onShow, onLogs, onTry }: Remedies & { visit: Visit }) {
  return (
    <span className="buttons">
      {onLogs && visit.type === "Task" && <Button onClick={() => onLogs(visit)}>{words.failure.logs}</Button>}
      {onTry && <Button onClick={() => onTry(visit)}>{words.trying.title}</Button>}
      <Button onClick={() => onShow(visit)}>{words.failure.show}</Button>
    </span>
  );
}

function Cause({ text }: { text: string | undefined }) {
  const [isOpen, open] = useState(false);
  if (!text) return <pre>{words.failure.noCause}</pre>;
  const folded = fold(text);
  return (
    <>
      <pre>{isOpen ? text : folded}</pre>
      {folded !== text && (
        <Button variant="inline-link" onClick={() => open(!isOpen)} ariaExpanded={isOpen}>
          {isOpen ? words.failure.less : words.failure.more}
        </Button>
      )}
    </>
  );
}

function fold(cause: string): string {
  const lines = cause.split("\n");
  const some = lines.length > FOLDED_LINES ? `${lines.slice(0, FOLDED_LINES).join("\n")}\n…` : cause;
  return some.length > FOLDED_CHARACTERS ? `${some.slice(0, FOLDED_CHARACTERS)}…` : some;
}

/** `, attempt 3 of 4`: as many as the rule allows that names the error; without one only how many there were. */
function tried({ attempts, error }: Visit, state: unknown): string {
  const retrier = error === null ? null : first(rulesOf(state).retriers, error);
  if (retrier && attempts <= retrier.retries + 1) return `, ${words.failure.attemptOf(attempts, retrier.retries + 1)}`;
  return attempts > 1 ? `, ${words.failure.attempts(attempts)}` : "";
}

const HAVE_RULES = new Set(["Task", "Map", "Parallel"]);

/** What Retry and Catch have done about it, or why nothing. */
function ruled({ type, error }: Visit, state: unknown): string[] {
  if (!HAVE_RULES.has(type) || error === null || state === undefined) return [];
  const { retriers, catchers } = rulesOf(state);
  const retrier = first(retriers, error);
  const catcher = first(catchers, error);
  const others = [...new Set(catchers.flatMap(({ errors }) => errors))];
  return [
    retrier
      ? words.failure.retried(retrier.index + 1, retrier.errors, retrier.retries)
      : words.failure.notRetried(retriers.length),
    catcher ? words.failure.caught(catcher.index + 1, catcher.next) : words.failure.notCaught(others),
  ];
}

/** Of the newest attempt: there is nothing where nothing has written, and an error is said in the panel's Logs. */
function LastLines({ execution, visit }: { execution: string; visit: Visit }) {
  const { data } = useQuery(lastLines(execution, visit, LAST_LINES, visit.type === "Task"));
  if (!data?.length) return null;
  return (
    // What scrolls must be reached without a mouse.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section className="last-lines" aria-label={words.failure.lastLines} tabIndex={0}>
      {data.map(([, text], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
        <div key={index}>
          <LineText of={text} />
        </div>
      ))}
    </section>
  );
}

/** While it runs: what is being tried again, and why. */
export function RetryingPanel({ visits, onShow }: { visits: readonly Visit[]; onShow: (visit: Visit) => void }) {
  const [one] = visits;
  if (!one) return null;
  return (
    <section className="failure retrying" aria-label={words.failure.retrying}>
      <div className="what">
        <h2>{words.failure.retrying}</h2>
        {one.error && <code className="error">{one.error}</code>}
        <span className="where">
          {words.failure.inState} <strong>{one.path}</strong>, {words.visit.attempt(one.attempts)}
        </span>
        <span className="buttons">
          <Button onClick={() => onShow(one)}>{words.failure.show}</Button>
        </span>
      </div>
    </section>
  );
}
