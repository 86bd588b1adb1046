import { pieces } from "../../execution/ansi";
import "./logs.css";

/** A line of a log: its colours are classes, all else is text. */
export const LineText = ({ of }: { of: string }) =>
  pieces(of).map(({ text, classes }, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name
    <span key={index} className={classes}>
      {text}
    </span>
  ));
