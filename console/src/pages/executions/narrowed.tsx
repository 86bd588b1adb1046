import Button from "@cloudscape-design/components/button";
import { words } from "../../words";
import { exactly, fromTo, moment } from "../../words/time";
import type { ExecutionsSearch } from "./search";
import "./narrowed.css";

/** What a list has been narrowed to, beside a status, which says so itself: nobody takes a part for all. */
export function Narrowed({
  to: { machine, error, from, to, last, label = [] },
  onLeave,
}: {
  to: ExecutionsSearch;
  onLeave: () => void;
}) {
  const facts = [
    ...(machine === undefined ? [] : [words.narrowed.machine(machine)]),
    ...(error === undefined ? [] : [words.narrowed.error(error || words.dashboard.noName)]),
    ...(last === undefined ? [] : [words.narrowed.last[last]]),
    ...label.map(words.narrowed.label),
    ...(from === undefined && to === undefined ? [] : [words.narrowed.started(stretch(from, to))]),
  ];
  if (facts.length === 0) return null;
  return (
    <section className="narrowed" aria-label={words.narrowed.filter}>
      <p>
        {words.narrowed.only} {facts.join(", ")}
      </p>
      <Button variant="inline-link" onClick={onLeave}>
        {words.narrowed.leave}
      </Button>
    </section>
  );
}

const DAY_MILLIS = 24 * 60 * 60 * 1000;

function stretch(from: number | undefined, to: number | undefined): string {
  if (from === undefined) return words.narrowed.before(moment(to ?? 0));
  if (to === undefined) return words.narrowed.since(moment(from));
  return to - from <= DAY_MILLIS ? fromTo(from, to) : `${exactly(from)} – ${exactly(to)}`;
}
