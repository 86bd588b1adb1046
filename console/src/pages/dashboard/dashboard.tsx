import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { machineArn } from "../../api/arns";
import type { Metrics } from "../../api/generated/console";
import { metrics } from "../../api/metrics";
import { SPANS, started } from "../../charts/figures";
import { Glance } from "../../lists/glance";
import { dashboardPath, machinePath } from "../../paths";
import { Anchor, useFollow } from "../../shell/anchor";
import { Broken, Loading } from "../../shell/broken";
import { Choices } from "../../shell/choices";
import { Empty } from "../../shell/empty";
import { useHere } from "../../shell/here";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import { moment } from "../../words/time";
import { Charts } from "./charts";
import { Errors } from "./errors";
import { MachinesTable } from "./machines_table";
import { Tiles } from "./tiles";
import "./dashboard.css";

const FROM = "/$namespace/dashboard" as const;

/** How executions go: of all state machines of a tenant, or of one. */
export function Dashboard() {
  const { namespace, place } = useHere();
  const { machine, span = "day" } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const follow = useFollow();
  useTitle(words.pages.dashboard, ...(machine === undefined ? [] : [machine]));
  const { data, error } = useQuery(
    metrics(namespace, span, machine === undefined ? undefined : machineArn(place, machine)),
  );
  if (error && !data) return <Broken error={error} />;
  return (
    <div className="page dashboard">
      <div>
        {machine !== undefined && (
          <Anchor className="up" href={dashboardPath(namespace, { span })}>
            {words.dashboard.all}
          </Anchor>
        )}
        <Header
          variant="h1"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {machine !== undefined && (
                <Button href={machinePath(namespace, machine)} onFollow={follow}>
                  {words.pages.machine}
                </Button>
              )}
              <Choices
                label={words.dashboard.span}
                of={SPANS}
                chosen={span}
                said={words.dashboard.spans}
                onChoose={(wanted) =>
                  void navigate({ search: (before) => ({ ...before, span: wanted }), replace: true })
                }
              />
            </SpaceBetween>
          }
        >
          {machine ?? words.pages.dashboard}
        </Header>
      </div>
      {data ? <Shown of={data} machine={machine} /> : <Loading />}
    </div>
  );
}

interface Props {
  of: Metrics;
  /** The name of the one that is looked at alone. */
  machine: string | undefined;
}

function Shown({ of, machine }: Props) {
  const { span, failed, longest, machines, errors, total, countedSince } = of;
  return (
    <>
      {started(total) === 0 ? (
        <section className="card">
          <Empty title={words.dashboard.none} text={words.dashboard.noneText} />
        </section>
      ) : (
        <>
          {countedSince !== undefined && <p className="hint">{words.dashboard.tooMany(moment(countedSince))}</p>}
          <Tiles of={total} />
          <Charts key={`${span} ${machine}`} of={of} machine={machine} />
        </>
      )}
      <div className="glances">
        <Glance title={words.dashboard.failedLast} rows={failed} none={words.dashboard.noneFailed} />
        <Glance title={words.dashboard.runsLongest} rows={longest} none={words.start.noneRunning} />
      </div>
      {errors.length > 0 && <Errors of={errors} since={of.since} machine={machine} />}
      {machine === undefined && machines.length > 0 && <MachinesTable of={machines} span={span} />}
    </>
  );
}
