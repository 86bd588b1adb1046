import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import type { ErrorCount } from "../api/generated/console";
import { words } from "../words";
import { SPANS, type Span } from "./spans";

/** `last`: those that were started in this time until now. `label`: `KEY=VALUE`. */
export interface Narrower {
  error?: string;
  last?: Span;
  label?: string;
}

interface Props {
  /** The most frequent ones. */
  errors: readonly ErrorCount[];
  /** Those that executions in the list have. */
  labels: readonly string[];
  onNarrow: (to: Narrower) => void;
}

/** Ways to fewer executions: those of the last time, and those with an error or a label that others have, too. */
export function NarrowChoice({ errors, labels, onNarrow }: Props) {
  const groups: { text: string; ways: { text: string; to: Narrower }[] }[] = [
    { text: words.narrowed.startedIn, ways: SPANS.map((last) => ({ text: words.narrowed.spans[last], to: { last } })) },
    {
      text: words.narrowed.withError,
      ways: errors.map(({ error, count }) => ({
        text: words.narrowed.many(error || words.dashboard.noName, count),
        to: { error },
      })),
    },
    { text: words.narrowed.withLabel, ways: labels.map((label) => ({ text: label, to: { label } })) },
  ];
  const ways = groups.flatMap((group) => group.ways);
  return (
    <ButtonDropdown
      items={groups
        .filter((group) => group.ways.length > 0)
        .map((group) => ({
          text: group.text,
          items: group.ways.map((way) => ({ id: `${ways.indexOf(way)}`, text: way.text })),
        }))}
      onItemClick={({ detail }) => {
        const way = ways[Number(detail.id)];
        if (way) onNarrow(way.to);
      }}
    >
      {words.narrowed.by}
    </ButtonDropdown>
  );
}
