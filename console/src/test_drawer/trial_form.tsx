/** What is given on one side and what came of it on the other; Ctrl+Enter tries it from anywhere in it. */
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import type { ReactNode } from "react";

interface Props {
  label: string;
  /** Fields of what is given. */
  given: ReactNode;
  button: string;
  hint: string;
  isWrong: boolean;
  isPending: boolean;
  /** Why it cannot be tried; null if it can. */
  cannot: string | null;
  onRun: () => void;
  error: Error | null;
  /** What came out of it; null: nothing yet, as `nothing` says. */
  outcome: ReactNode | null;
  nothing: string;
}

export function TrialForm({ label, given, button, hint, isWrong, isPending, cannot, onRun, ...came }: Props) {
  const run = () => {
    if (!isWrong && !isPending && cannot === null) onRun();
  };
  return (
    <form
      className="trial"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
      }}
    >
      <div className="given">
        {given}
        <div className="run">
          <Button
            variant="primary"
            formAction="submit"
            loading={isPending}
            disabled={isWrong || cannot !== null}
            {...(cannot === null ? {} : { disabledReason: cannot })}
          >
            {button}
          </Button>
          <span className="hint">{hint}</span>
        </div>
      </div>
      <div className="outcome" aria-live="polite">
        {came.error ? <Alert type="error">{came.error.message}</Alert> : came.outcome}
        {!came.error && came.outcome === null && <p className="nothing">{came.nothing}</p>}
      </div>
    </form>
  );
}
