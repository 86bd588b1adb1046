import type { Figures } from "../../api/generated/console";
import { counted, failureRate, started } from "../../charts/figures";
import { words } from "../../words";
import { duration } from "../../words/time";

/** The numbers that one looks for first. */
export function Tiles({ of }: { of: Figures }) {
  const { p50, p95 } = of;
  const [running, failed] = [counted(of, "running"), counted(of, "failed")];
  const rate = failureRate(of);
  return (
    <dl className="card tiles">
      <Tile name={words.dashboard.started} value={words.number(started(of))}>
        {running > 0 && words.dashboard.stillRun(running)}
      </Tile>
      <Tile name={words.dashboard.failed} value={words.number(failed)} tone={failed > 0 ? "failed" : ""}>
        {rate !== null && words.dashboard.rate(rate)}
      </Tile>
      <Tile name={words.dashboard.p50} value={p50 === undefined ? "–" : duration(p50)}>
        {words.dashboard.p50Text}
      </Tile>
      <Tile name={words.dashboard.p95} value={p95 === undefined ? "–" : duration(p95)}>
        {words.dashboard.p95Text}
      </Tile>
    </dl>
  );
}

interface TileProps {
  name: string;
  value: string;
  tone?: string;
  children?: string | false;
}

const Tile = ({ name, value, tone = "", children }: TileProps) => (
  <div>
    <dt>{name}</dt>
    <dd className={`numbers ${tone}`}>{value}</dd>
    {children && <dd className="more numbers">{children}</dd>}
  </div>
);
