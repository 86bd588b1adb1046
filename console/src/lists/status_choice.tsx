import type { ExecutionCounts } from "../api/generated/console";
import { words } from "../words";
import "./lists.css";

const STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"] as const;

interface Props {
  counts: ExecutionCounts | undefined;
  status: string | undefined;
  onStatus: (status: string | undefined) => void;
}

/** How many executions have each status, and a way to those alone. */
export function StatusChoice({ counts, status, onStatus }: Props) {
  const count = (each: (typeof STATUSES)[number]) => counts?.statuses[each] ?? 0;
  const all = STATUSES.reduce((sum, each) => sum + count(each), 0);
  return (
    <fieldset className="statuses">
      <legend className="unseen">{words.executions.filter}</legend>
      <Choice
        isChosen={status === undefined}
        onChoose={() => onStatus(undefined)}
        text={words.executions.any}
        count={all}
      />
      {STATUSES.filter((each) => count(each) > 0 || each === status).map((each) => (
        <Choice
          key={each}
          tone={each}
          isChosen={status === each}
          onChoose={() => onStatus(status === each ? undefined : each)}
          text={words.status[each] ?? each}
          count={count(each)}
        />
      ))}
    </fieldset>
  );
}

interface ChoiceProps {
  tone?: string;
  isChosen: boolean;
  onChoose: () => void;
  text: string;
  count?: number;
}

export const Choice = ({ tone = "", isChosen, onChoose, text, count }: ChoiceProps) => (
  <button type="button" className={tone} aria-pressed={isChosen} onClick={onChoose}>
    {text}
    {count !== undefined && <span className="numbers"> {count.toLocaleString("en")}</span>}
  </button>
);
