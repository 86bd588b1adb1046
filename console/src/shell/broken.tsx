import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Spinner from "@cloudscape-design/components/spinner";
import { ApiFailure } from "../api/client";
import { BASE } from "../paths";
import { words } from "../words";
import { Anchor } from "./anchor";

/** Instead of a page that could not be shown. */
export function Broken({ error, reset }: { error: unknown; reset?: () => void }) {
  const isUnreachable = error instanceof ApiFailure && error.status === 0;
  return (
    <div className="page">
      <Alert
        type="error"
        header={isUnreachable ? words.broken.unreachable : words.broken.title}
        action={<Button onClick={() => (reset ? reset() : location.reload())}>{words.broken.again}</Button>}
      >
        {error instanceof Error ? error.message : String(error)}
      </Alert>
    </div>
  );
}

export function Missing() {
  return (
    <div className="page">
      <Alert type="info" header={words.broken.missing}>
        {words.broken.missingText} <Anchor href={BASE}>{words.broken.toMachines}</Anchor>
      </Alert>
    </div>
  );
}

export const Loading = () => (
  <div className="loading" role="status">
    <Spinner size="large" />
    <span className="unseen">{words.broken.loading}</span>
  </div>
);
