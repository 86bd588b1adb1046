import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import type { Figures, Metrics } from "../../api/generated/console";
import { Bars } from "../../charts/bars";
import { Chart } from "../../charts/chart";
import {
  type Column,
  columnsOf,
  counted,
  failureRate,
  KINDS,
  marksOf,
  roundUp,
  roundUpTime,
  started,
} from "../../charts/figures";
import { Lines, TIMES } from "../../charts/lines";
import { executionsPath } from "../../paths";
import { Anchor } from "../../shell/anchor";
import { useHere } from "../../shell/here";
import { words } from "../../words";
import { clock, duration, fromTo, weekday } from "../../words/time";

interface Props {
  of: Metrics;
  machine: string | undefined;
}

/** How many there were of each kind and how long they took, over the time; what is chosen in one is chosen in the other. */
export function Charts({ of, machine }: Props) {
  const { namespace } = useHere();
  const [chosen, choose] = useState<number | null>(null);
  const columns = columnsOf(of);
  const most = roundUp(Math.max(...columns.map(({ figures }) => started(figures))));
  const longest = roundUpTime(Math.max(...columns.map(({ figures }) => figures.p95 ?? 0)));
  const column = chosen === null ? undefined : columns[chosen];
  const shared = {
    columns,
    marks: marksOf(columns, of.span),
    told: of.span === "week" ? weekday : clock,
    chosen,
    onChoose: choose,
  };
  return (
    <div className="charts">
      <Chart
        {...shared}
        title={words.dashboard.counts}
        legend={KINDS.filter((kind) => counted(of.total, kind) > 0).map((kind) => (
          <span key={kind} className={kind}>
            {words.dashboard.kinds[kind]}
          </span>
        ))}
        top={words.number(most)}
        spoken={spoken}
      >
        <Bars columns={columns} top={most} />
      </Chart>
      <Chart
        {...shared}
        title={words.dashboard.durations}
        legend={TIMES.map((each) => (
          <span key={each} className={each}>
            {words.dashboard[each]}
          </span>
        ))}
        top={duration(longest)}
        spoken={spoken}
      >
        <Lines columns={columns} top={longest} />
      </Chart>
      <div className="readout">
        {column === undefined ? (
          <p className="hint">{words.dashboard.point}</p>
        ) : (
          <>
            <p>
              <strong className="numbers">{fromTo(column.begin, column.end)}</strong>
              {facts(column.figures).map((fact) => (
                <span key={fact} className="numbers">
                  {fact}
                </span>
              ))}
            </p>
            <Anchor href={executionsPath(namespace, { machine, from: column.begin, to: column.end })}>
              {words.dashboard.show}
            </Anchor>
            <Button variant="inline-link" onClick={() => choose(null)}>
              {words.dashboard.leave}
            </Button>
          </>
        )}
      </div>
    </div>
  );
}

const spoken = ({ begin, end, figures }: Column): string => [fromTo(begin, end), ...facts(figures)].join(", ");

/** Of a part of the time, in words. */
function facts(figures: Figures): string[] {
  const { p50, p95 } = figures;
  const failed = counted(figures, "failed");
  const rate = failureRate(figures);
  return [
    words.dashboard.startedMany(started(figures)),
    ...(failed > 0 && rate !== null ? [words.dashboard.failedMany(failed, rate)] : []),
    ...(p50 === undefined || p95 === undefined ? [] : [words.dashboard.took(duration(p50), duration(p95))]),
  ];
}
