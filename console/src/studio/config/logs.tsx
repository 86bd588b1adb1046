/** What is logged of executions. */
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import Toggle from "@cloudscape-design/components/toggle";
import type { Logging } from "../../api/machines";
import { LEVELS } from "../../editing/config";
import { words } from "../../words";
import { usualGroup } from "./accounts";
import { Line } from "./line";
import type { Configuring } from "./use_config";

export function Logs({ of }: { of: Configuring }) {
  const { config, accounts, isLocked, place, name } = of;
  const logging = config.loggingConfiguration;
  const { level, includeExecutionData, destinations } = logging;
  const group = destinations[0]?.cloudWatchLogsLogGroup.logGroupArn ?? "";
  const set = (part: Partial<Logging>) => of.set({ loggingConfiguration: { ...logging, ...part } }, words.config.logs);
  const to = (logGroupArn: string) => [{ cloudWatchLogsLogGroup: { logGroupArn } }];
  const said = (of: string) => (of === "OFF" && accounts ? words.config.offOfOperator : words.config.levels[of]) ?? of;
  // One that AWS has made since is shown, too.
  const levels = [...new Set([...LEVELS, level])];
  return (
    <>
      <FormField label={words.config.level} stretch>
        <Select
          selectedOption={{ value: level, label: said(level) }}
          options={levels.map((each) => ({ value: each, label: said(each), tags: [each] }))}
          disabled={isLocked}
          onChange={({ detail: { selectedOption } }) => {
            const wanted = selectedOption.value ?? level;
            const isNamed = wanted === "OFF" || group !== "";
            set({ level: wanted, ...(isNamed ? {} : { destinations: to(usualGroup(place, name)) }) });
          }}
        />
      </FormField>
      {level !== "OFF" && (
        <Toggle
          checked={includeExecutionData}
          disabled={isLocked}
          description={accounts ? words.config.dataOfOperator : words.config.dataText}
          onChange={({ detail }) => set({ includeExecutionData: detail.checked })}
        >
          {words.config.data}
        </Toggle>
      )}
      {(level !== "OFF" || group !== "") && (
        <Line
          label={words.config.group}
          text={words.config.groupText}
          value={group}
          disabled={isLocked}
          problem={of.problems.get("logGroup")}
          onSet={(typed) => set({ destinations: to(typed.trim()) })}
        />
      )}
    </>
  );
}
