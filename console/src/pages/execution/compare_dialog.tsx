import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Dialog } from "../../acts/dialog";
import { executions } from "../../api/executions";
import type { Execution } from "../../api/generated/console";
import { useHere } from "../../shell/here";
import { words } from "../../words";
import { moment } from "../../words/time";

interface Props {
  execution: Execution;
  /** Given the name of another execution of the same state machine. */
  onChoose: (name: string) => void;
  onClose: () => void;
}

export function CompareDialog({ execution, onChoose, onClose }: Props) {
  const { namespace } = useHere();
  const [name, search] = useState("");
  const { data, isPending } = useInfiniteQuery(
    executions({ namespace, machine: execution.machine, name: name || undefined }),
  );
  const rows = data?.pages.flatMap((page) => page.rows).filter(({ arn }) => arn !== execution.arn) ?? [];
  return (
    <Dialog title={words.comparison.title(execution.name)} onClose={onClose}>
      <FormField stretch label={words.comparison.other} description={words.comparison.otherText}>
        <Select
          options={rows.map(({ name, status, started }) => ({
            value: name,
            label: name,
            description: `${words.status[status] ?? status} · ${moment(started)}`,
          }))}
          selectedOption={null}
          statusType={isPending ? "loading" : "finished"}
          placeholder={words.acts.chooseEarlier}
          empty={words.executions.noMatch}
          filteringType="manual"
          filteringAriaLabel={words.executions.find}
          filteringPlaceholder={words.executions.find}
          onLoadItems={({ detail }) => search(detail.filteringText)}
          onChange={({ detail }) => detail.selectedOption.value && onChoose(detail.selectedOption.value)}
        />
      </FormField>
    </Dialog>
  );
}
