import type { ReactNode } from "react";
import { nameOf } from "../api/arns";
import type { ExecutionRow } from "../api/generated/console";
import { Anchor } from "../shell/anchor";
import { usePathOf } from "../shell/here";
import { Duration, Moment } from "../shell/moment";
import { Status } from "../shell/status";
import "./glance.css";

/** Of them that are shown. */
export const MOST = 8;

interface FrameProps {
  title: string;
  /** How many there are, where that is known. */
  count?: number;
  /** Among all glances. */
  className?: string;
  /** A list, each of its items in two lines, `first` and `second`. */
  children: ReactNode;
  /** Said below. */
  hint?: ReactNode;
}

/** A few of many. */
export const GlanceFrame = ({ title, count = 0, className = "", children, hint }: FrameProps) => (
  <section className={`card glance ${className}`} aria-label={title}>
    <h2>
      {title} {count > 0 && <small className="numbers">{count}</small>}
    </h2>
    {children}
    {hint && <p className="hint">{hint}</p>}
  </section>
);

interface Props extends Pick<FrameProps, "title" | "count"> {
  rows: readonly ExecutionRow[];
  /** What is said where there is none. */
  none: string;
  children?: ReactNode;
}

/** A few executions. */
export const Glance = ({ title, count = 0, rows, none, children }: Props) => (
  <GlanceFrame title={title} count={count} hint={children}>
    {rows.length === 0 && <p className="hint">{none}</p>}
    <ul>
      {rows.slice(0, MOST).map((row) => (
        <li key={row.arn}>
          <One of={row} />
        </li>
      ))}
    </ul>
  </GlanceFrame>
);

function One({ of: { arn, name, machine, status, error, started, stopped, paths = [] } }: { of: ExecutionRow }) {
  const pathOf = usePathOf();
  const isRunning = status === "RUNNING";
  return (
    <>
      <div className="first">
        <Anchor href={pathOf(arn)}>{name}</Anchor>
        <Status of={status} />
      </div>
      <div className="second">
        <span>{nameOf(machine)}</span>
        <span>{isRunning ? paths.join(", ") : <code>{error ?? ""}</code>}</span>
        <span>{isRunning ? <Duration from={started} to={null} /> : <Moment at={stopped ?? started} />}</span>
      </div>
    </>
  );
}
