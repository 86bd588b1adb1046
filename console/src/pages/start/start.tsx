import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { newest } from "../../api/executions";
import { machinesAtAGlance } from "../../api/machines";
import { me } from "../../api/session";
import { Glance } from "../../lists/glance";
import { activitiesPath, executionsPath, importedPath } from "../../paths";
import { Anchor } from "../../shell/anchor";
import { Broken, Loading } from "../../shell/broken";
import { useHere } from "../../shell/here";
import { lookedAt, seenAs } from "../../shell/looked_at";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import { Blueprints } from "./blueprints";
import { Unready } from "./unready";
import "./start.css";

const DAY_MILLIS = 24 * 60 * 60 * 1000;
const MINUTE_MILLIS = 60 * 1000;
const MOST_FAILED = 50;
const MOST_RUNNING = 10;
const FAILED = ["FAILED", "TIMED_OUT"];
const RUNNING = ["RUNNING"];

/** What needs a person, and what is under way; where there is nothing yet, workflows to begin with. */
export function Start() {
  useTitle(words.pages.start);
  const { namespace } = useHere();
  const { features } = useSuspenseQuery(me).data;
  const [since] = useState(() => Math.floor((Date.now() - DAY_MILLIS) / MINUTE_MILLIS) * MINUTE_MILLIS);
  const [looked] = useState(lookedAt);
  const known = useQuery(machinesAtAGlance(namespace));
  const failed = useQuery(newest(namespace, FAILED, MOST_FAILED, since));
  const running = useQuery(newest(namespace, RUNNING, MOST_RUNNING));
  const error = failed.error ?? running.error;
  if (error && !(failed.data && running.data)) return <Broken error={error} />;
  if (known.isPending || !failed.data || !running.data) return <Loading />;
  // Whoever may not list state machines has executions to look at.
  const isEmpty = known.data?.count === 0;
  const unseen = failed.data.rows.filter((row) => !looked.has(seenAs(row)));
  const seen = failed.data.rows.length - unseen.length;
  return (
    <div className="page start">
      {!isEmpty && <h1 className="unseen">{words.pages.start}</h1>}
      {isEmpty ? (
        <>
          <header>
            <h1>{words.start.welcome}</h1>
            <p>{features.blueprints ? words.start.welcomeText : words.machines.noneText}</p>
          </header>
          {features.blueprints && <Blueprints />}
        </>
      ) : (
        <div className="glances">
          <Unready machines={known.data?.unready ?? []} />
          <Glance title={words.start.failed} count={unseen.length} rows={unseen} none={words.start.noneFailed}>
            {seen > 0 && words.start.looked(seen)}
          </Glance>
          <Glance
            title={words.start.running}
            count={running.data.rows.length}
            rows={running.data.rows}
            none={words.start.noneRunning}
          />
        </div>
      )}
      <p className="ways">
        <Anchor href={executionsPath(namespace)}>{words.start.all}</Anchor>
        {features.activities && <Anchor href={activitiesPath(namespace)}>{words.pages.activities}</Anchor>}
        <Anchor href={importedPath(namespace)}>{words.start.import}</Anchor>
      </p>
    </div>
  );
}
