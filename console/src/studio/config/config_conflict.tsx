/** Two have changed what belongs to one state machine: what each has, and which of them is saved. */
import { useState } from "react";
import { type Config, type Configs, type MergedConfig, type Setting, withTheirs } from "../../editing/config";
import { Choices } from "../../shell/choices";
import { words } from "../../words";
import { said } from "./said";

interface Props {
  configs: Configs;
  merged: MergedConfig;
  /** As it will be saved by now. */
  onChange: (config: Config) => void;
}

export function ConfigConflict({ configs: { base, yours, theirs }, merged, onChange }: Props) {
  const { config, taken, clashes } = merged;
  const [given, give] = useState<readonly Setting[]>([]);
  const choose = (setting: Setting, isTheirs: boolean) => {
    const kept = given.filter((each) => each !== setting);
    const now = isTheirs ? [...kept, setting] : kept;
    give(now);
    onChange(withTheirs(config, theirs, now));
  };
  return (
    <table className="configs">
      <caption>{words.config.conflict.title}</caption>
      <thead>
        <tr>
          <th scope="col">{words.config.conflict.setting}</th>
          <th scope="col">{words.config.conflict.base}</th>
          <th scope="col">{words.config.conflict.theirs}</th>
          <th scope="col">{words.config.conflict.yours}</th>
          <th scope="col">{words.config.conflict.saved}</th>
        </tr>
      </thead>
      <tbody>
        {[...clashes, ...taken].map((setting) => (
          <tr key={setting}>
            <th scope="row">{words.config.settings[setting]}</th>
            <td data-label={words.config.conflict.base}>{said(setting, base)}</td>
            <td data-label={words.config.conflict.theirs}>{said(setting, theirs)}</td>
            <td data-label={words.config.conflict.yours}>{said(setting, yours)}</td>
            <td data-label={words.config.conflict.saved}>
              {clashes.includes(setting) ? (
                <Choices
                  label={words.config.conflict.take(words.config.settings[setting])}
                  of={["yours", "theirs"]}
                  chosen={given.includes(setting) ? "theirs" : "yours"}
                  said={words.config.conflict}
                  onChoose={(whose) => choose(setting, whose === "theirs")}
                />
              ) : (
                words.config.conflict.theirs
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
