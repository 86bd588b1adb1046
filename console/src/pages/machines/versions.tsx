import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Header from "@cloudscape-design/components/header";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { useRight } from "../../acts/rights";
import { StartButton } from "../../acts/start_button";
import { numberOf } from "../../api/arns";
import { type Alias, aliases, deleteAlias, deleteVersion, MOST, type Version, versions } from "../../api/versions";
import { versionPath } from "../../paths";
import { Anchor } from "../../shell/anchor";
import { useHere, usePathOf } from "../../shell/here";
import { Moment } from "../../shell/moment";
import { words } from "../../words";
import { AliasDialog } from "./alias_dialog";
import { DeleteDialog } from "./delete_dialog";
import { PublishDialog } from "./publish_dialog";
import "./versions.css";

type Asked =
  | { what: "publish" }
  | { what: "alias"; alias?: Alias }
  | { what: "deleteAlias"; alias: Alias }
  | { what: "deleteVersion"; version: Version };

/** Versions that are shown at first, so that executions do not stand far below. */
const FEW = 5;

interface Props {
  /** ARN of the state machine. */
  machine: string;
  name: string;
}

/** What was published of a state machine, and the aliases that lead there. */
export function Versions({ machine, name }: Props) {
  const published = useQuery(versions(machine));
  const named = useQuery(aliases(machine));
  const [asked, ask] = useState<Asked | null>(null);
  const [isWhole, showAll] = useState(false);
  const rights = {
    publish: useRight("PublishStateMachineVersion"),
    alias: useRight("CreateStateMachineAlias"),
  };
  const error = published.error ?? named.error;
  const [listed, known] = [published.data ?? [], named.data ?? []];
  return (
    <section className="card versions" aria-label={words.versions.title}>
      <div className="bar">
        <Header variant="h2">{words.versions.title}</Header>
        {listed.length > 0 && (
          <Button onClick={() => ask({ what: "alias" })} {...rights.alias}>
            {words.versions.createTitle}
          </Button>
        )}
        <Button onClick={() => ask({ what: "publish" })} {...rights.publish}>
          {words.versions.publish}
        </Button>
      </div>
      {error && <Alert type="error">{error.message}</Alert>}
      {!error && (published.isPending || named.isPending) && <Spinner />}
      {published.data?.length === 0 && <p className="hint">{words.versions.none}</p>}
      {known.length > 0 && (
        <>
          <h3>{words.versions.aliases}</h3>
          <ul>
            {known.map((alias) => (
              <AliasRow key={alias.name} of={alias} machine={machine} onAsk={ask} />
            ))}
          </ul>
        </>
      )}
      {listed.length > 0 && (
        <>
          <h3>{listed.length < MOST ? words.versions.versions : words.versions.newest(MOST)}</h3>
          <ul>
            {listed.slice(0, isWhole ? MOST : FEW).map((version) => (
              <VersionRow
                key={version.stateMachineVersionArn}
                of={version}
                known={known}
                machine={machine}
                name={name}
                onAsk={ask}
              />
            ))}
          </ul>
          {!isWhole && listed.length > FEW && (
            <Button variant="inline-link" onClick={() => showAll(true)}>
              {words.versions.showAll(listed.length)}
            </Button>
          )}
        </>
      )}
      <Dialogs asked={asked} machine={machine} versions={listed} onClose={() => ask(null)} />
    </section>
  );
}

interface RowProps {
  /** ARN of the state machine. */
  machine: string;
  onAsk: (asked: Asked) => void;
}

function AliasRow({ of: alias, machine, onAsk }: RowProps & { of: Alias }) {
  const pathOf = usePathOf();
  const rights = { change: useRight("UpdateStateMachineAlias"), delete: useRight("DeleteStateMachineAlias") };
  return (
    <li>
      <div className="what">
        <strong>{alias.name}</strong>
        <span className="routes">
          {alias.routingConfiguration.map(({ stateMachineVersionArn: arn, weight }) => (
            <span key={arn}>
              <Anchor href={pathOf(arn)}>{words.versions.named(numberOf(arn))}</Anchor>
              {alias.routingConfiguration.length > 1 && <span className="numbers"> {words.percent(weight / 100)}</span>}
            </span>
          ))}
        </span>
        {alias.description && <span className="hint">{alias.description}</span>}
      </div>
      <span className="hint">
        <Moment at={alias.updateDate * 1000} />
      </span>
      <StartButton machine={machine} by={alias.stateMachineAliasArn} variant="normal" label={alias.name} />
      <ButtonDropdown
        variant="icon"
        ariaLabel={words.versions.more(alias.name)}
        items={[
          { id: "alias", text: words.versions.change, ...rights.change },
          { id: "deleteAlias", text: words.versions.delete, ...rights.delete },
        ]}
        onItemClick={({ detail }) => onAsk({ what: detail.id === "alias" ? "alias" : "deleteAlias", alias })}
      />
    </li>
  );
}

interface VersionProps extends RowProps {
  /** Of the state machine. */
  name: string;
  of: Version;
  known: readonly Alias[];
}

function VersionRow({ of: version, known, machine, name, onAsk }: VersionProps) {
  const { namespace } = useHere();
  const pathOf = usePathOf();
  const { history } = useRouter();
  const right = useRight("DeleteStateMachineVersion");
  const { stateMachineVersionArn: arn, creationDate } = version;
  const number = numberOf(arn);
  const leading = known.filter(({ routingConfiguration }) =>
    routingConfiguration.some(({ stateMachineVersionArn }) => stateMachineVersionArn === arn),
  );
  return (
    <li>
      <div className="what">
        <Anchor href={pathOf(arn)}>{words.versions.named(number)}</Anchor>
        {leading.map(({ name: alias }) => (
          <span key={alias} className="alias">
            {alias}
          </span>
        ))}
      </div>
      <span className="hint">
        <Moment at={creationDate * 1000} />
      </span>
      <StartButton machine={machine} by={arn} variant="normal" label={words.versions.named(number)} />
      <ButtonDropdown
        variant="icon"
        ariaLabel={words.versions.more(words.versions.named(number))}
        items={[
          { id: "compare", text: words.versions.compare },
          { id: "delete", text: words.versions.delete, ...right },
        ]}
        onItemClick={({ detail }) =>
          detail.id === "delete"
            ? onAsk({ what: "deleteVersion", version })
            : history.push(versionPath(namespace, name, number, { shown: "differences" }))
        }
      />
    </li>
  );
}

interface DialogsProps {
  asked: Asked | null;
  machine: string;
  versions: readonly Version[];
  onClose: () => void;
}

function Dialogs({ asked, machine, versions: listed, onClose }: DialogsProps) {
  switch (asked?.what) {
    case "publish":
      return <PublishDialog machine={machine} versions={listed} onClose={onClose} />;
    case "alias":
      return (
        <AliasDialog
          machine={machine}
          versions={listed}
          onClose={onClose}
          {...(asked.alias ? { alias: asked.alias } : {})}
        />
      );
    case "deleteAlias":
      return (
        <DeleteDialog
          title={words.versions.deleteTitle(asked.alias.name)}
          text={words.versions.deleteAliasText}
          act={() => deleteAlias(asked.alias.stateMachineAliasArn)}
          onClose={onClose}
        />
      );
    case "deleteVersion":
      return (
        <DeleteDialog
          title={words.versions.deleteTitle(words.versions.named(numberOf(asked.version.stateMachineVersionArn)))}
          text={words.versions.deleteVersionText}
          act={() => deleteVersion(asked.version.stateMachineVersionArn)}
          onClose={onClose}
        />
      );
    default:
      return null;
  }
}
