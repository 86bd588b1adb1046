/** What belongs to the state machine beside its definition. */
import Toggle from "@cloudscape-design/components/toggle";
import type { ReactNode } from "react";
import { useSession } from "../../editing/use_session";
import { words } from "../../words";
import { Encryption } from "./encryption";
import { Name, Role, Type } from "./general";
import { Logs } from "./logs";
import { Tags } from "./tags";
import { type Configuring, useConfig } from "./use_config";
import "../../forms/forms.css";
import "./config.css";

/** Where the store has what a manifest has no field for. */
const SETTINGS_ANNOTATION = "stepwright.dev/settings";
const TAGS_ANNOTATION = "stepwright.dev/tags";

/** `managedBy`: what keeps it as it stands in Git. */
export function ConfigPanel({ managedBy }: { managedBy: string | null }) {
  const { session, machine, now } = useSession();
  const of = useConfig(session, machine);
  if (of === null) return null;
  const { tracingConfiguration: tracing } = of.config;
  const isManaged = managedBy !== null;
  /** A patch of the manifest has no place for it. */
  const fixed: Configuring = isManaged ? { ...of, isLocked: true } : of;
  return (
    <section className="form config" aria-label={words.config.title}>
      <header>
        <h2>{words.config.title}</h2>
      </header>
      {now.readOnly !== null && <p className="locked">{now.readOnly}</p>}
      {isManaged && <p className="locked">{words.config.managed(managedBy)}</p>}
      <div className="fields">
        <Group title={words.config.general}>
          <Name of={of} />
          <Type of={of} />
          <Role of={of} />
        </Group>
        <Group title={words.config.logs} text={of.accounts ? words.config.logsOfOperator : words.config.logsText}>
          <Logs of={of} />
        </Group>
        <Group title={words.config.tracing}>
          <Toggle
            checked={tracing.enabled}
            disabled={of.isLocked}
            description={words.config.tracedText}
            onChange={({ detail }) =>
              of.set({ tracingConfiguration: { enabled: detail.checked } }, words.config.tracing)
            }
          >
            {words.config.traced}
          </Toggle>
        </Group>
        <Group
          title={words.config.encryption}
          text={isManaged ? words.config.inGit(SETTINGS_ANNOTATION) : words.config.encryptionText}
        >
          <Encryption of={fixed} />
        </Group>
        <Group title={words.config.tags} {...(isManaged ? { text: words.config.inGit(TAGS_ANNOTATION) } : {})}>
          <Tags of={fixed} />
        </Group>
      </div>
    </section>
  );
}

function Group({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  return (
    <section className="group" aria-label={title}>
      <h3>{title}</h3>
      {text !== undefined && <p className="asked">{text}</p>}
      {children}
    </section>
  );
}
