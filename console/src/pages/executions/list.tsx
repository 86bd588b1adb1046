import { useNavigate, useSearch } from "@tanstack/react-router";
import { machineArn } from "../../api/arns";
import { ExecutionsTable } from "../../lists/executions_table";
import { useHere } from "../../shell/here";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import { Narrowed } from "./narrowed";

const FROM = "/$namespace/executions" as const;

/** The executions of a tenant, of all its state machines. */
export function ExecutionList() {
  useTitle(words.pages.executions);
  const { namespace, place } = useHere();
  const search = useSearch({ from: FROM });
  const { machine, ...rest } = search;
  const navigate = useNavigate({ from: FROM });
  return (
    <div className="page">
      <Narrowed to={search} onLeave={() => void navigate({ search: {} })} />
      <ExecutionsTable
        variant="h1"
        wanted={{ namespace, ...rest, machine: machine === undefined ? undefined : machineArn(place, machine) }}
        onStatus={(wanted) =>
          void navigate({
            search: ({ status: _, ...others }) => (wanted ? { ...others, status: wanted } : others),
            replace: true,
          })
        }
        onNarrow={(to) => void navigate({ search: (before) => ({ ...before, ...to }) })}
      />
    </div>
  );
}
