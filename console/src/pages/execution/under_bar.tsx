import Button from "@cloudscape-design/components/button";
import { words } from "../../words";
import "./iterations.css";

interface Props {
  /** Such as `Orders[17]`. */
  under: string;
  onUnder: (under: string | undefined) => void;
}

const INDEX = /\[(\d+)\]$/;

/** That one iteration is looked at alone, and the ways to those beside it. */
export function UnderBar({ under, onUnder }: Props) {
  const index = Number(INDEX.exec(under)?.[1] ?? 0);
  const other = (to: number) => onUnder(under.replace(INDEX, `[${to}]`));
  return (
    <span className="under-bar">
      <Button
        variant="icon"
        iconName="angle-left"
        ariaLabel={words.iterations.previous}
        disabled={index === 0}
        onClick={() => other(index - 1)}
      />
      <span role="status">{words.iterations.of(under)}</span>
      <Button
        variant="icon"
        iconName="angle-right"
        ariaLabel={words.iterations.next}
        onClick={() => other(index + 1)}
      />
      <Button variant="icon" iconName="close" ariaLabel={words.iterations.leave} onClick={() => onUnder(undefined)} />
    </span>
  );
}
