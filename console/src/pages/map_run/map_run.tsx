import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { executionOf, mapRunArn } from "../../api/arns";
import { useStream } from "../../api/live";
import { hearingExecution } from "../../api/live_execution";
import { mapRun } from "../../api/map_runs";
import { me } from "../../api/session";
import { Anchor } from "../../shell/anchor";
import { Broken, Loading } from "../../shell/broken";
import { useHere, usePathOf } from "../../shell/here";
import { Duration, Moment } from "../../shell/moment";
import { Status } from "../../shell/status";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import { BoundsForm } from "./bounds_form";
import { Children } from "./children";
import { Counts } from "./counts";
import "./map_run.css";

const FROM = "/$namespace/executions/$machine/$name/map-runs/$run" as const;
const SECOND = 1000;

/** A Map Run: how far it is, within which bounds, and its child executions. */
export function MapRunPage() {
  const { place } = useHere();
  const pathOf = usePathOf();
  const areChildrenKept = useSuspenseQuery(me).data.features.children ?? false;
  const { machine, name, run } = useParams({ from: FROM });
  const { status } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  useTitle(words.mapRun.title, name, machine);
  const arn = mapRunArn(place, machine, run);
  const { data: known } = useQuery(mapRun(arn, "live"));
  const link = useStream(known ? `execution:${known.executionArn}` : null, hearingExecution);
  const { data, error } = useQuery(mapRun(arn, link));
  if (error && !data) return <Broken error={error} />;
  if (!data) return <Loading />;
  const parent = executionOf(data.executionArn);
  const stopped = data.stopDate === undefined ? null : data.stopDate * SECOND;
  return (
    <div className="page map-run">
      <header>
        <Anchor className="up" href={pathOf(data.executionArn)}>
          {parent.machine} / {parent.name}
        </Anchor>
        <h1>
          {words.mapRun.title} <small>{run}</small>
        </h1>
        <dl>
          <div>
            <dt>{words.viewer.status}</dt>
            <dd>
              <Status of={data.status} />
            </dd>
          </div>
          <div>
            <dt>{words.viewer.duration}</dt>
            <dd>
              <Duration from={data.startDate * SECOND} to={stopped} />
            </dd>
          </div>
          <div>
            <dt>{words.viewer.started}</dt>
            <dd>
              <Moment at={data.startDate * SECOND} />
            </dd>
          </div>
        </dl>
      </header>
      <div className="halves">
        <div className="card counts">
          <Counts title={words.mapRun.items} counts={data.itemCounts} />
          <Counts title={words.mapRun.executions} counts={data.executionCounts} />
        </div>
        <BoundsForm run={data} />
      </div>
      {areChildrenKept ? (
        <Children
          arn={arn}
          status={status}
          isRunning={data.status === "RUNNING"}
          onStatus={(wanted) => void navigate({ search: wanted ? { status: wanted } : {}, replace: true })}
        />
      ) : (
        <section className="card">
          <h2>{words.mapRun.children}</h2>
          <p>{words.mapRun.notKept}</p>
        </section>
      )}
    </div>
  );
}
