import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useInfiniteQuery } from "@tanstack/react-query";
import { activities } from "../../api/activities";
import { executionOf } from "../../api/arns";
import type { ActivityRow, WorkerTasks } from "../../api/generated/console";
import { More } from "../../lists/more";
import { Anchor } from "../../shell/anchor";
import { Broken } from "../../shell/broken";
import { Empty } from "../../shell/empty";
import { useHere, usePathOf } from "../../shell/here";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import "./list.css";

/** Who waits for whom: tasks for workers, and workers for tasks. */
export function ActivityList() {
  useTitle(words.pages.activities);
  const { namespace } = useHere();
  const query = useInfiniteQuery(activities(namespace));
  const { data, error, isPending } = query;
  if (error && !data) return <Broken error={error} />;
  return (
    <div className="page">
      <Table
        items={data?.pages.flatMap((page) => page.rows) ?? []}
        trackBy="arn"
        loading={isPending}
        loadingText={words.broken.loading}
        ariaLabels={{ tableLabel: words.pages.activities }}
        header={
          <Header variant="h1" description={words.activities.text}>
            {words.pages.activities}
          </Header>
        }
        columnDefinitions={[
          { id: "name", header: words.activities.name, isRowHeader: true, cell: ({ name }) => name },
          { id: "waiting", header: words.activities.waiting, cell: (row) => <Waiting of={row} /> },
          { id: "asking", header: words.activities.asking, cell: ({ asking }) => words.number(asking) },
          { id: "taken", header: words.activities.taken, cell: ({ taken = [] }) => listed(taken) },
        ]}
        empty={<Empty title={words.activities.none} text={words.activities.noneText} />}
        footer={query.hasNextPage && <More of={query} />}
      />
    </div>
  );
}

/** How many tasks nobody has taken, and whose those are that wait longest. */
function Waiting({ of: { waiting, asking, executions = [] } }: { of: ActivityRow }) {
  const pathOf = usePathOf();
  return (
    <div className="waiting">
      <span className={waiting > asking ? "numbers many" : "numbers"}>{words.number(waiting)}</span>
      {executions.map((arn) => (
        <Anchor key={arn} href={pathOf(arn)}>
          {executionOf(arn).name}
        </Anchor>
      ))}
      {waiting > executions.length && <span>{words.viewer.andMore(waiting - executions.length)}</span>}
    </div>
  );
}

const listed = (taken: readonly WorkerTasks[]): string =>
  taken.map(({ worker, tasks }) => words.activities.has(worker, tasks)).join(", ") || "–";
