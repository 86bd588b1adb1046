import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { machineArn } from "../../api/arns";
import { ExecutionsTable } from "../../lists/executions_table";
import type { Narrower } from "../../lists/narrow";
import { since } from "../../lists/spans";
import { useHere } from "../../shell/here";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import { Narrowed } from "./narrowed";
import type { ExecutionsSearch } from "./search";
import { ViewsMenu } from "./views_menu";

const FROM = "/$namespace/executions" as const;

/** The executions of a tenant, of all its state machines. */
export function ExecutionList() {
  useTitle(words.pages.executions);
  const { namespace, place } = useHere();
  const search = useSearch({ from: FROM });
  const { machine, last, ...rest } = search;
  const from = useMemo(() => (last ? since(last) : rest.from), [last, rest.from]);
  const navigate = useNavigate({ from: FROM });
  return (
    <div className="page">
      <Narrowed to={search} onLeave={() => void navigate({ search: {} })} />
      <ExecutionsTable
        variant="h1"
        wanted={{ namespace, ...rest, from, machine: machine === undefined ? undefined : machineArn(place, machine) }}
        onStatus={(wanted) =>
          void navigate({
            search: ({ status: _, ...others }) => (wanted ? { ...others, status: wanted } : others),
            replace: true,
          })
        }
        onNarrow={(to) => void navigate({ search: (before) => narrowed(before, to) })}
        views={
          <ViewsMenu
            key={namespace}
            namespace={namespace}
            search={search}
            onShow={(view) => void navigate({ search: view })}
          />
        }
      />
    </div>
  );
}

/** One span gives way to another, and so does one error; labels add up. */
function narrowed({ from, ...before }: ExecutionsSearch, { label, ...to }: Narrower): ExecutionsSearch {
  return {
    ...before,
    ...(from === undefined || to.last ? {} : { from }),
    ...to,
    ...(label === undefined ? {} : { label: [...new Set([...(before.label ?? []), label])] }),
  };
}
