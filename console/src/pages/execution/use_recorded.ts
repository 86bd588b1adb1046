import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { VisitData } from "../../api/generated/console";
import { visitData } from "../../api/visits";
import type { Run } from "../../execution/trial";
import { assigners } from "../../execution/variables";
import type { Visit } from "../../execution/visits";

export interface Recorded {
  /** undefined while it is fetched. */
  data: VisitData | undefined;
  error: Error | null;
  /** JSON of an object: the variables that the state could read. */
  variables: string;
  /** The names of those that are too long to be known whole. */
  unknown: string[];
}

/** What went into a visit: its input, what its work gave, and the variables that others had assigned before. */
export function useRecorded({ execution: { arn }, visits, definition }: Run, visit: Visit): Recorded {
  const { data, error } = useQuery(visitData(arn, visit));
  const before = useMemo(() => assigners(visits, visit, definition), [visits, visit, definition]);
  return useQueries({
    queries: before.map((each) => visitData(arn, each)),
    combine: (answers) => {
      const found = new Map<string, string>();
      const unknown = new Set<string>();
      for (const { data: told } of answers) {
        for (const [name, { text, cut }] of Object.entries(told?.variables ?? {})) {
          if (cut) unknown.add(name);
          else found.set(name, text);
        }
      }
      const isComplete = answers.every((answer) => !answer.isPending);
      const members = [...found].map(([name, text]) => `${JSON.stringify(name)}: ${text}`);
      return {
        data: isComplete ? data : undefined,
        error: error ?? answers.find((answer) => answer.error)?.error ?? null,
        variables: `{${members.join(", ")}}`,
        unknown: [...unknown],
      };
    },
  });
}
