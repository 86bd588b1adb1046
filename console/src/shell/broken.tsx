import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Spinner from "@cloudscape-design/components/spinner";
import { useQueryClient } from "@tanstack/react-query";
import { BASE } from "../paths";
import { words } from "../words";
import { Anchor } from "./anchor";
import { type Kind, kindOf } from "./failures";

const TITLES: Record<Kind, string> = {
  unreachable: words.broken.unreachable,
  notNow: words.broken.notNow,
  forbidden: words.broken.forbidden,
  missing: words.broken.notThere,
  part: words.broken.part,
  failed: words.broken.title,
};
/** Of what is nobody's fault. */
const CALM: ReadonlySet<Kind> = new Set<Kind>(["forbidden", "missing", "notNow"]);

/** Instead of a page that could not be shown: why, and the ways out. `reset` draws it once more. */
export function Broken({ error, reset }: { error: unknown; reset?: () => void }) {
  const queries = useQueryClient();
  const kind = kindOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const again = () => {
    // A browser asks no second time for a part that it did not get.
    if (kind === "part") return location.reload();
    void queries.resetQueries({ predicate: ({ state }) => state.status === "error" });
    reset?.();
  };
  return (
    <div className="page">
      <Alert
        type={CALM.has(kind) ? "info" : "error"}
        header={TITLES[kind]}
        action={<Button onClick={again}>{words.broken.again}</Button>}
      >
        <p className="told">{kind === "part" ? words.broken.partText : message}</p>
        <Anchor href={`${BASE}/`}>{words.broken.toStart}</Anchor>
      </Alert>
    </div>
  );
}

export function Missing() {
  return (
    <div className="page">
      <Alert type="info" header={words.broken.missing}>
        {words.broken.missingText} <Anchor href={`${BASE}/`}>{words.broken.toStart}</Anchor>
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
