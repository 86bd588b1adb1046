import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { Dialog } from "../../acts/dialog";
import { useAct } from "../../acts/use_act";
import { numberOf } from "../../api/arns";
import { publish, type Version } from "../../api/versions";
import { words } from "../../words";

interface Props {
  /** ARN of the state machine. */
  machine: string;
  versions: readonly Version[];
  onClose: () => void;
}

/** What is stored now gets a number, under which it stays as it is. */
export function PublishDialog({ machine, versions, onClose }: Props) {
  const [description, describe] = useState("");
  const [known, say] = useState<number | null>(null);
  const acting = useAct(
    () => publish(machine, description),
    (arn) => {
      const isKnown = versions.some(({ stateMachineVersionArn }) => stateMachineVersionArn === arn);
      if (isKnown) say(numberOf(arn));
      else onClose();
    },
  );
  return (
    <Dialog
      title={words.versions.publish}
      act={{ text: words.versions.publishAct, acting }}
      refused={acting.refused?.message ?? null}
      onClose={onClose}
    >
      <p>{words.versions.publishText}</p>
      {known !== null && <Alert type="info">{words.versions.publishedAlready(known)}</Alert>}
      <FormField stretch label={words.versions.description}>
        <Input value={description} onChange={({ detail }) => describe(detail.value)} />
      </FormField>
    </Dialog>
  );
}
