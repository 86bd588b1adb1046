import Button from "@cloudscape-design/components/button";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { executionArn, type Place } from "../../api/arns";
import type { Text } from "../../api/generated/console";
import { someVisits, visitData } from "../../api/visits";
import type { Mark } from "../../canvas/nodes";
import { ChangesView } from "../../data/changes_view";
import { type Comparison, compared, type Difference, partner } from "../../execution/comparison";
import type { Visit } from "../../execution/visits";
import { Anchor } from "../../shell/anchor";
import { usePathOf } from "../../shell/here";
import { words } from "../../words";
import "./compared.css";

export interface Compared {
  /** Of the other one. */
  arn: string;
  name: string;
  error: Error | null;
  /** null until its visits are there. */
  comparison: Comparison | null;
  visits: readonly Visit[];
}

/** With another execution of the same state machine; null without one. As many visits as are fetched at once are compared. */
export function useCompared(
  place: Place,
  machine: string,
  name: string | undefined,
  here: readonly Visit[],
): Compared | null {
  const arn = executionArn(place, machine, name ?? "");
  const { data, error } = useQuery(someVisits(arn, {}, name !== undefined));
  const comparison = useMemo(() => (data ? compared(here, data) : null), [here, data]);
  return name === undefined ? null : { arn, name, error, comparison, visits: data ?? [] };
}

/** On the graph; states that are alike have none. */
export function comparisonMarks({ states }: Comparison): Map<string, Mark> {
  const found = new Map<string, Mark>();
  for (const [pointer, { how }] of states) {
    if (how !== "same") found.set(pointer, { tone: how, text: words.comparison.marks[how] });
  }
  return found;
}

interface StripProps {
  compared: Compared;
  onShow: (difference: Difference) => void;
  onEnd: () => void;
}

/** With what it is compared, and where the two part. */
export function ComparisonStrip({ compared: { arn, name, comparison, error }, onShow, onEnd }: StripProps) {
  const pathOf = usePathOf();
  const first = comparison?.first ?? null;
  return (
    <section className="comparison" aria-label={words.comparison.label}>
      <p>
        {words.comparison.with} <Anchor href={pathOf(arn)}>{name}</Anchor>
        {". "}
        {error ? error.message : comparison && said(comparison)}
      </p>
      <span className="buttons">
        {first && <Button onClick={() => onShow(first)}>{words.comparison.show}</Button>}
        <Button variant="icon" iconName="close" ariaLabel={words.comparison.end} onClick={onEnd} />
      </span>
    </section>
  );
}

function said({ first, differences }: Comparison): string {
  if (!first) return words.comparison.alike;
  const { path, how, here, there, ways } = first;
  const what = {
    onlyHere: words.comparison.onlyHere(path),
    onlyThere: words.comparison.onlyThere(path),
    outcome: words.comparison.outcome(path, stands(here), stands(there)),
    way: words.comparison.way(path, ways.here.map(words.comparison.edge), ways.there.map(words.comparison.edge)),
  };
  return `${what[how]} ${words.comparison.count(differences)}`;
}

const stands = (visit: Visit | null): string => {
  if (!visit) return "";
  const how = words.standing[visit.outcome ?? "Running"];
  return visit.error ? `${how} (${visit.error})` : how;
};

interface DataProps {
  here: { arn: string; visits: readonly Visit[]; visit: Visit };
  there: Compared;
}

/** What went into a state and came out of it, there beside here. */
export function ComparedData({ here, there }: DataProps) {
  const other = partner(here.visits, here.visit, there.visits);
  const { data: ours } = useQuery(visitData(here.arn, here.visit));
  const { data: theirs } = useQuery(visitData(there.arn, other ?? undefined));
  if (!other) return <p className="hint">{words.comparison.notThere}</p>;
  if (!ours || !theirs) return <Spinner />;
  return (
    <div className="compared-data">
      <p className="hint">{words.comparison.legend(there.name)}</p>
      <Part title={words.visit.input} here={ours.input} there={theirs.input} />
      <Part title={words.visit.output} here={ours.output} there={theirs.output} />
    </div>
  );
}

function Part({ title, here, there }: { title: string; here: Text | undefined; there: Text | undefined }) {
  if (!here && !there) return null;
  return (
    <section>
      <h3>{title}</h3>
      {here && there && !here.cut && !there.cut ? (
        <ChangesView before={there.text} after={here.text} same={words.comparison.same} />
      ) : (
        <p className="hint">{here?.cut || there?.cut ? words.comparison.tooLong : words.comparison.onlyOne}</p>
      )}
    </section>
  );
}
