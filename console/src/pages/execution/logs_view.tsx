import Button from "@cloudscape-design/components/button";
import Select from "@cloudscape-design/components/select";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { LogSource } from "../../api/generated/console";
import { logSources } from "../../api/logs";
import { MOST_LINES, type Ring } from "../../execution/log_ring";
import { likeliest } from "../../execution/log_sources";
import type { Visit } from "../../execution/visits";
import { save } from "../../shell/save";
import { words } from "../../words";
import { exactly } from "../../words/time";
import { LineText } from "./line_text";
import { useLog } from "./use_log";
import "./logs.css";

/** What the work of a visit has written: an attempt at a time, the newest first of all. */
export function LogsView({ execution, visit }: { execution: string; visit: Visit }) {
  const { data, error } = useQuery(logSources(execution, visit));
  const [chosen, choose] = useState<string | null>(null);
  if (error) return <p>{error.message}</p>;
  if (!data) return <Spinner />;
  const source = data.sources.find(({ id }) => id === chosen) ?? likeliest(data.sources, visit.error !== null)[0];
  if (!source) return <p className="hint">{data.none ?? words.logs.none}</p>;
  return (
    <div className="logs">
      {data.sources.length > 1 && <SourceChoice sources={data.sources} source={source} onChoose={choose} />}
      <Log key={source.id} execution={execution} visit={visit.id} source={source} />
    </div>
  );
}

const named = ({ attempt, container, pod }: LogSource) => ({
  label: `${words.visit.attempt(attempt)} · ${container}`,
  description: pod ?? "",
});

function SourceChoice({
  sources,
  source,
  onChoose,
}: {
  sources: readonly LogSource[];
  source: LogSource;
  onChoose: (id: string) => void;
}) {
  const options = sources.map((each) => ({ value: each.id, ...named(each) })).reverse();
  return (
    <Select
      options={options}
      ariaLabel={words.logs.source}
      selectedOption={options.find(({ value }) => value === source.id) ?? null}
      onChange={({ detail }) => detail.selectedOption.value && onChoose(detail.selectedOption.value)}
    />
  );
}

function Log({ execution, visit, source }: { execution: string; visit: number; source: LogSource }) {
  const [isFollowing, follow] = useState(source.runs);
  const [tail, reach] = useState(200);
  const { ring, said, isOpen } = useLog(execution, visit, { source: source.id, tail, follow: isFollowing });
  const canReach = tail < MOST_LINES && ring.lines.length + ring.dropped >= tail;
  return (
    <>
      <div className="tools">
        {source.runs && (
          <Button iconName={isFollowing ? "pause" : "play"} onClick={() => follow(!isFollowing)}>
            {isFollowing ? words.logs.pause : words.logs.follow}
          </Button>
        )}
        {canReach && <Button onClick={() => reach(MOST_LINES)}>{words.logs.older}</Button>}
        <Button
          iconName="download"
          variant="icon"
          ariaLabel={words.logs.save}
          onClick={() => save(`${source.pod ?? source.container}.log`, [textOf(ring)], "text/plain")}
        />
        <span className="counted" role="status">
          {isOpen && isFollowing ? words.logs.following : (said ?? "")}
        </span>
      </div>
      {ring.dropped > 0 && <p className="hint">{words.logs.dropped(ring.dropped, MOST_LINES)}</p>}
      <Lines ring={ring} isFollowing={isFollowing} />
    </>
  );
}

const textOf = ({ lines }: Ring): string => lines.map(({ text }) => `${text}\n`).join("");

const HEIGHT = 19;

/** Only those in sight are drawn. Whoever scrolls up stays there, whatever comes. */
function Lines({ ring, isFollowing }: { ring: Ring; isFollowing: boolean }) {
  const frame = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  const count = ring.lines.length;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => HEIGHT,
    overscan: 20,
  });
  useEffect(() => {
    if (count && (isAtEnd.current || !isFollowing)) rows.scrollToIndex(count - 1, { align: "end" });
  }, [rows, count, isFollowing]);
  if (!count) return <p className="hint">{words.logs.empty}</p>;
  return (
    // What scrolls must be reached without a mouse.
    <section
      className="log"
      ref={frame}
      aria-label={words.logs.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
      tabIndex={0}
      onScroll={({ currentTarget: of }) => {
        isAtEnd.current = of.scrollTop + of.clientHeight >= of.scrollHeight - HEIGHT;
      }}
    >
      <div style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const line = ring.lines[index];
          return (
            line && (
              <div
                key={line.number}
                className="line"
                style={{ transform: `translateY(${start}px)` }}
                title={line.moment === null ? undefined : exactly(line.moment)}
              >
                <LineText of={line.text} />
              </div>
            )
          );
        })}
      </div>
    </section>
  );
}
