import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import type { ErrorCount } from "../api/generated/console";
import { words } from "../words";

const HOUR_MILLIS = 60 * 60 * 1000;
const MINUTE_MILLIS = 60 * 1000;
const SPANS = { hour: HOUR_MILLIS, day: 24 * HOUR_MILLIS, week: 7 * 24 * HOUR_MILLIS };
const NAMES = Object.keys(SPANS) as (keyof typeof SPANS)[];

/** `from`: milliseconds since 1970. */
export interface Narrower {
  error?: string;
  from?: number;
}

interface Props {
  /** The most frequent ones. */
  errors: readonly ErrorCount[];
  onNarrow: (to: Narrower) => void;
}

/** Ways to fewer executions: those of the last time, and those that ended with an error that others ended with, too. */
export function NarrowChoice({ errors, onNarrow }: Props) {
  const since = (span: keyof typeof SPANS) => Math.floor((Date.now() - SPANS[span]) / MINUTE_MILLIS) * MINUTE_MILLIS;
  const ways = [
    ...NAMES.map((span) => ({ text: words.narrowed.spans[span], to: (): Narrower => ({ from: since(span) }) })),
    ...errors.map(({ error, count }) => ({
      text: words.narrowed.many(error || words.dashboard.noName, count),
      to: (): Narrower => ({ error }),
    })),
  ];
  const items = ways.map(({ text }, index) => ({ id: `${index}`, text }));
  const [times, ends] = [items.slice(0, NAMES.length), items.slice(NAMES.length)];
  return (
    <ButtonDropdown
      items={[
        { text: words.narrowed.startedIn, items: times },
        ...(ends.length > 0 ? [{ text: words.narrowed.withError, items: ends }] : []),
      ]}
      onItemClick={({ detail }) => {
        const way = ways[Number(detail.id)];
        if (way) onNarrow(way.to());
      }}
    >
      {words.narrowed.by}
    </ButtonDropdown>
  );
}
