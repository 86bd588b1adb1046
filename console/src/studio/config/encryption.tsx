/** By which key what is stored is encrypted. */
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import type { Encryption as Chosen } from "../../api/machines";
import { CUSTOMERS_KEY, OWNED_KEY, REUSE } from "../../editing/config";
import { words } from "../../words";
import { Line } from "./line";
import type { Configuring } from "./use_config";

export function Encryption({ of }: { of: Configuring }) {
  const { isLocked, problems } = of;
  const encryption = of.config.encryptionConfiguration;
  const { type, kmsKeyId = "", kmsDataKeyReusePeriodSeconds: seconds = REUSE.usual } = encryption;
  const set = (part: Partial<Chosen>) =>
    of.set({ encryptionConfiguration: { ...encryption, ...part } }, words.config.encryption);
  const said = (of: string) => words.config.keyTypes[of] ?? of;
  return (
    <>
      <FormField label={words.config.keyType} stretch>
        <Select
          selectedOption={{ value: type, label: said(type) }}
          options={[OWNED_KEY, CUSTOMERS_KEY].map((value) => ({ value, label: said(value) }))}
          disabled={isLocked}
          onChange={({ detail }) => set({ type: detail.selectedOption.value ?? type })}
        />
      </FormField>
      {type === CUSTOMERS_KEY && (
        <>
          <Line
            label={words.config.key}
            value={kmsKeyId}
            disabled={isLocked}
            problem={problems.get("key")}
            onSet={(typed) => set({ kmsKeyId: typed.trim() })}
          />
          <Line
            label={words.config.reuse}
            rule={words.forms.bounds(REUSE.least, REUSE.most)}
            inputMode="numeric"
            value={String(seconds)}
            disabled={isLocked}
            problem={problems.get("reuse")}
            refuse={(typed) => (/^\s*\d*\s*$/.test(typed) ? null : words.forms.noNumber)}
            onSet={(typed) => set({ kmsDataKeyReusePeriodSeconds: Number(typed) || REUSE.usual })}
          />
        </>
      )}
    </>
  );
}
