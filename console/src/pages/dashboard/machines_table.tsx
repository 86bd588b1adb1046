import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { nameOf } from "../../api/arns";
import type { MachineMetrics } from "../../api/generated/console";
import { counted, failureRate, type Span, started } from "../../charts/figures";
import { dashboardPath } from "../../paths";
import { useFollow } from "../../shell/anchor";
import { useHere } from "../../shell/here";
import { words } from "../../words";
import { duration } from "../../words/time";

/** As many as the server reports. */
const MOST = 50;

/** State machines, at first those of which most executions have failed; each leads to its own dashboard. */
export function MachinesTable({ of, span }: { of: readonly MachineMetrics[]; span: Span }) {
  const { namespace } = useHere();
  const follow = useFollow();
  const number = (
    id: string,
    header: string,
    cell: (of: MachineMetrics["figures"]) => string,
  ): TableProps.ColumnDefinition<MachineMetrics> => ({
    id,
    header,
    cell: ({ figures }) => <span className="numbers">{cell(figures)}</span>,
  });
  const time = (millis: number | undefined) => (millis === undefined ? "–" : duration(millis));
  return (
    <Table
      items={of}
      trackBy="machine"
      ariaLabels={{ tableLabel: words.pages.machines }}
      header={
        <Header variant="h2" counter={`(${of.length}${of.length < MOST ? "" : "+"})`}>
          {words.pages.machines}
        </Header>
      }
      columnDefinitions={[
        {
          id: "name",
          header: words.machines.name,
          isRowHeader: true,
          cell: ({ machine }) => (
            <Link href={dashboardPath(namespace, { machine: nameOf(machine), span })} onFollow={follow}>
              {nameOf(machine)}
            </Link>
          ),
        },
        number("started", words.dashboard.started, (figures) => words.number(started(figures))),
        number("failed", words.dashboard.failed, (figures) => words.number(counted(figures, "failed"))),
        number("rate", words.dashboard.failureRate, (figures) => {
          const rate = failureRate(figures);
          return rate === null ? "–" : words.percent(rate);
        }),
        number("p50", words.dashboard.p50, ({ p50 }) => time(p50)),
        number("p95", words.dashboard.p95, ({ p95 }) => time(p95)),
      ]}
    />
  );
}
