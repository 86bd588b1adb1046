import type { RunCounts } from "../../api/map_runs";
import { words } from "../../words";

const KINDS = ["succeeded", "failed", "aborted", "running", "pending"] as const satisfies (keyof RunCounts)[];

/** How many of what a Map Run has to do stand how: as a bar, and as numbers. */
export function Counts({ title, counts }: { title: string; counts: RunCounts }) {
  return (
    <section aria-label={title}>
      <h2>
        {title} <small>{words.mapRun.total(counts.total)}</small>
      </h2>
      <div className="shares" aria-hidden="true">
        {KINDS.filter((kind) => counts[kind] > 0).map((kind) => (
          <i key={kind} className={kind} style={{ flexGrow: counts[kind] }} />
        ))}
      </div>
      <dl>
        {KINDS.map((kind) => (
          <div key={kind} className={kind}>
            <dt>{words.mapRun.counts[kind]}</dt>
            <dd className="numbers">{counts[kind].toLocaleString("en")}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
