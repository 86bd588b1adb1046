import Button from "@cloudscape-design/components/button";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { event as eventQuery } from "../../api/history";
import { JsonView } from "../../data/json_view";
import { words } from "../../words";
import { exactly } from "../../words/time";

/** One event, whole. */
export function EventPanel({ execution, id, onClose }: { execution: string; id: number; onClose: () => void }) {
  const { data: event, error, isPending } = useQuery(eventQuery(execution, id));
  return (
    <div className="panel">
      <div className="top">
        <h2>
          {event?.type ?? words.events.event(id)}
          <small>{event ? `${words.events.event(id)} · ${exactly(event.timestamp)}` : ""}</small>
        </h2>
        <Button variant="icon" iconName="close" ariaLabel={words.visit.close} onClick={onClose} />
      </div>
      {event && <JsonView text={JSON.stringify(event)} label={words.events.event(id)} />}
      {isPending && <Spinner />}
      {!event && !isPending && <p className="hint">{error?.message ?? words.events.gone}</p>}
    </div>
  );
}
