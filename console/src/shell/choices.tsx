import "./choices.css";

interface Props<Each extends string> {
  /** What they are, for whoever does not see where they stand. */
  label: string;
  of: readonly Each[];
  chosen: Each;
  said: Readonly<Record<Each, string>>;
  /** Whether one of them cannot be chosen now. */
  isClosed?: (each: Each) => boolean;
  onChoose: (each: Each) => void;
}

/** A few things side by side, of which one is chosen. */
export const Choices = <Each extends string>({ label, of, chosen, said, isClosed, onChoose }: Props<Each>) => (
  <fieldset className="segments">
    <legend className="unseen">{label}</legend>
    {of.map((each) => (
      <button
        key={each}
        type="button"
        aria-pressed={each === chosen}
        disabled={each !== chosen && (isClosed?.(each) ?? false)}
        onClick={() => each !== chosen && onChoose(each)}
      >
        {said[each]}
      </button>
    ))}
  </fieldset>
);
