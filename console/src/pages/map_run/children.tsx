import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table from "@cloudscape-design/components/table";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type Child, childrenOf } from "../../api/map_runs";
import { More } from "../../lists/more";
import { Choice } from "../../lists/status_choice";
import { useFollow } from "../../shell/anchor";
import { Broken } from "../../shell/broken";
import { usePathOf } from "../../shell/here";
import { Duration, Moment } from "../../shell/moment";
import { Status } from "../../shell/status";
import { words } from "../../words";

interface Props {
  /** Of the Map Run. */
  arn: string;
  /** undefined: any. */
  status: string | undefined;
  isRunning: boolean;
  onStatus: (status: string | undefined) => void;
}

const STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "ABORTED", "PENDING_REDRIVE"];
const SECOND = 1000;

/** Child executions, those started last first. */
export function Children({ arn, status, isRunning, onStatus }: Props) {
  const query = useInfiniteQuery(childrenOf(arn, status, isRunning));
  const follow = useFollow();
  const pathOf = usePathOf();
  if (query.error && !query.data) return <Broken error={query.error} />;
  const rows = query.data?.pages.flatMap(({ executions }) => executions) ?? [];
  return (
    <Table<Child>
      items={rows}
      trackBy="executionArn"
      loading={query.isPending}
      loadingText={words.broken.loading}
      ariaLabels={{ tableLabel: words.mapRun.children }}
      header={<Header variant="h2">{words.mapRun.children}</Header>}
      filter={
        <fieldset className="statuses">
          <legend className="unseen">{words.executions.filter}</legend>
          <Choice isChosen={!status} onChoose={() => onStatus(undefined)} text={words.executions.any} />
          {STATUSES.map((each) => (
            <Choice
              key={each}
              tone={each}
              isChosen={status === each}
              onChoose={() => onStatus(status === each ? undefined : each)}
              text={words.status[each] ?? each}
            />
          ))}
        </fieldset>
      }
      columnDefinitions={[
        {
          id: "name",
          header: words.mapRun.name,
          isRowHeader: true,
          cell: ({ executionArn, name }) => (
            <Link href={pathOf(executionArn)} onFollow={follow}>
              {name}
            </Link>
          ),
        },
        { id: "status", header: words.executions.status, cell: ({ status: of }) => <Status of={of} /> },
        { id: "items", header: words.mapRun.itemCount, cell: ({ itemCount }) => itemCount?.toLocaleString("en") },
        {
          id: "started",
          header: words.executions.started,
          cell: ({ startDate }) => <Moment at={startDate * SECOND} />,
        },
        {
          id: "duration",
          header: words.executions.duration,
          cell: ({ startDate, stopDate }) => (
            <Duration from={startDate * SECOND} to={stopDate === undefined ? null : stopDate * SECOND} />
          ),
        },
      ]}
      empty={<Box>{status ? words.mapRun.noMatch : words.mapRun.none}</Box>}
      footer={query.hasNextPage && <More of={query} />}
    />
  );
}
