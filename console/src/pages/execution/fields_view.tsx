import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { testState } from "../../api/test_state";
import { stateText } from "../../execution/state_text";
import { type Run, recordedWork, toTest } from "../../execution/trial";
import type { Visit } from "../../execution/visits";
import { words } from "../../words";
import { Stages } from "./tried";
import { useRecorded } from "./use_recorded";
import "./trying.css";

/** What each field did to the data of a visit: the state once more, with what was recorded in the place of its work. */
export function FieldsView({ run, visit }: { run: Run; visit: Visit }) {
  const { data, error, variables } = useRecorded(run, visit);
  const isCut = data?.input?.cut || data?.attempts.at(-1)?.result?.cut;
  const tried = useQuery({
    queryKey: ["fields", run.execution.arn, visit.id, visit.attempts, variables],
    queryFn: ({ signal }) => {
      if (!data) throw new Error("it is asked for when its data is there");
      const given = { definition: run.revision.text, input: data.input?.text ?? "{}", variables };
      return testState(toTest(run, visit, given, recordedWork(visit, data)), signal);
    },
    enabled: data !== undefined && !isCut,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (isCut) return <p className="hint">{words.trying.tooLong}</p>;
  const failed = error ?? tried.error;
  if (failed) return <p>{failed.message}</p>;
  if (!tried.data) return <Spinner />;
  return (
    <Stages
      inspected={tried.data.inspectionData ?? {}}
      output={tried.data.output}
      state={stateText(run.revision.text, visit.pointer) ?? "{}"}
    />
  );
}
