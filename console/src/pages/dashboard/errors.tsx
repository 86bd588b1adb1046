import type { ErrorCount } from "../../api/generated/console";
import { executionsPath } from "../../paths";
import { Anchor } from "../../shell/anchor";
import { useHere } from "../../shell/here";
import { words } from "../../words";

interface Props {
  of: readonly ErrorCount[];
  since: number;
  machine: string | undefined;
}

/** With which errors most executions ended; each leads to them. */
export function Errors({ of, since, machine }: Props) {
  const { namespace } = useHere();
  const most = Math.max(...of.map(({ count }) => count));
  return (
    <section className="card errors" aria-label={words.dashboard.errors}>
      <h2>{words.dashboard.errors}</h2>
      <ol>
        {of.map(({ error, count }) => (
          <li key={error}>
            <Anchor href={executionsPath(namespace, { machine, error, from: since })}>
              <code>{error || words.dashboard.noName}</code>
            </Anchor>
            <span className="share">
              <i style={{ width: `${(count / most) * 100}%` }} />
            </span>
            <span className="numbers">{words.number(count)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
