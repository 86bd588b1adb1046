import { useNavigate, useSearch } from "@tanstack/react-router";
import { machineArn } from "../../api/arns";
import { ExecutionsTable } from "../../lists/executions_table";
import { useHere } from "../../shell/here";
import { useTitle } from "../../shell/title";
import { words } from "../../words";

const FROM = "/$namespace/executions" as const;

/** The executions of a tenant, of all its state machines. */
export function ExecutionList() {
  useTitle(words.pages.executions);
  const { namespace, place } = useHere();
  const { machine, status } = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  return (
    <div className="page">
      <ExecutionsTable
        variant="h1"
        wanted={{ namespace, status, machine: machine === undefined ? undefined : machineArn(place, machine) }}
        onStatus={(wanted) =>
          void navigate({
            search: ({ status: _, ...rest }) => (wanted ? { ...rest, status: wanted } : rest),
            replace: true,
          })
        }
      />
    </div>
  );
}
