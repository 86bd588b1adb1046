import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import { useQuery } from "@tanstack/react-query";
import { numberOf } from "../../api/arns";
import { machine as machineQuery } from "../../api/machines";
import { version as versionQuery, versions } from "../../api/versions";
import { Definitions } from "../../differences/definitions";
import { Loading } from "../../shell/broken";
import { words } from "../../words";
import { moment } from "../../words/time";

interface Props {
  /** ARN of the state machine. */
  machine: string;
  /** Of the version that is looked at, and its definition. */
  number: number;
  text: string;
  /** The version that it is compared with; without one, what is stored now. */
  against: number | undefined;
  onAgainst: (number: number | undefined) => void;
}

const NOW = "now";

/** What is different in another version, or in what is stored now, which is on the right. */
export function Differences({ machine, number, text, against, onAgainst }: Props) {
  const listed = useQuery(versions(machine));
  const other = useQuery(against === undefined ? machineQuery(machine) : versionQuery(`${machine}:${against}`));
  const options = [
    { value: NOW, label: words.versions.now },
    ...(listed.data ?? [])
      .map(({ stateMachineVersionArn, creationDate }) => ({
        value: `${numberOf(stateMachineVersionArn)}`,
        label: words.versions.named(numberOf(stateMachineVersionArn)),
        description: words.versions.publishedAt(moment(creationDate * 1000)),
      }))
      .filter(({ value }) => value !== `${number}`),
  ];
  const chosen = against === undefined ? NOW : `${against}`;
  return (
    <div className="differences">
      <FormField label={words.versions.against}>
        <Select
          options={options}
          selectedOption={options.find(({ value }) => value === chosen) ?? { value: chosen, label: chosen }}
          onChange={({ detail }) => {
            const { value } = detail.selectedOption;
            onAgainst(value === NOW ? undefined : Number(value));
          }}
        />
      </FormField>
      {other.error && <Alert type="error">{other.error.message}</Alert>}
      {other.data ? (
        <Definitions
          left={text}
          right={other.data.definition}
          names={[
            words.versions.named(number),
            against === undefined ? words.versions.now : words.versions.named(against),
          ]}
        />
      ) : (
        !other.error && <Loading />
      )}
    </div>
  );
}
