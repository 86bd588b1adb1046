import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import type { Execution } from "../../api/generated/console";
import type { Visit } from "../../execution/visits";
import { words } from "../../words";

const TITLES: Record<string, string> = {
  FAILED: words.failure.failed,
  TIMED_OUT: words.failure.timedOut,
  ABORTED: words.failure.aborted,
};
/** A longer cause is folded: it is often a stack trace. */
const FOLDED_LINES = 6;
const FOLDED_CHARACTERS = 600;

interface Props {
  execution: Execution;
  /** The one at which it ended. */
  visit: Visit | null;
  onShow: (visit: Visit) => void;
}

/** Why it failed, before anything else and without a click. */
export function FailurePanel({ execution, visit, onShow }: Props) {
  const [isOpen, open] = useState(false);
  const title = TITLES[execution.status];
  if (!title) return null;
  const { error, cause } = execution;
  if (execution.status === "ABORTED" && !error && !cause) return null;
  const folded = fold(cause ?? "");
  return (
    <section className={`failure ${execution.status}`} aria-label={title}>
      <div className="what">
        <h2>{title}</h2>
        {error && <code className="error">{error}</code>}
        {visit && (
          <span className="where">
            {words.failure.inState} <strong>{visit.path}</strong>
            {visit.attempts > 1 && `, ${words.failure.attempts(visit.attempts)}`}
          </span>
        )}
        <span className="buttons">{visit && <Button onClick={() => onShow(visit)}>{words.failure.show}</Button>}</span>
      </div>
      <pre>{cause ? (isOpen ? cause : folded) : words.failure.noCause}</pre>
      {cause && folded !== cause && (
        <Button variant="inline-link" onClick={() => open(!isOpen)} ariaExpanded={isOpen}>
          {isOpen ? words.failure.less : words.failure.more}
        </Button>
      )}
    </section>
  );
}

function fold(cause: string): string {
  const lines = cause.split("\n");
  const first = lines.length > FOLDED_LINES ? `${lines.slice(0, FOLDED_LINES).join("\n")}\n…` : cause;
  return first.length > FOLDED_CHARACTERS ? `${first.slice(0, FOLDED_CHARACTERS)}…` : first;
}

/** While it runs: what is being tried again, and why. */
export function RetryingPanel({ visits, onShow }: { visits: readonly Visit[]; onShow: (visit: Visit) => void }) {
  const [first] = visits;
  if (!first) return null;
  return (
    <section className="failure retrying" aria-label={words.failure.retrying}>
      <div className="what">
        <h2>{words.failure.retrying}</h2>
        {first.error && <code className="error">{first.error}</code>}
        <span className="where">
          {words.failure.inState} <strong>{first.path}</strong>, {words.visit.attempt(first.attempts)}
        </span>
        <span className="buttons">
          <Button onClick={() => onShow(first)}>{words.failure.show}</Button>
        </span>
      </div>
    </section>
  );
}
