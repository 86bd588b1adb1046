import type { Link } from "../../api/stream";
import { words } from "../../words";
import "./link_sign.css";

interface Props {
  link: Link;
  isRunning: boolean;
  isPast: boolean;
}

const SHOWN: Record<Exclude<Link, "out">, [word: string, text: string]> = {
  opening: [words.viewer.opening, words.viewer.openingText],
  live: [words.viewer.live, words.viewer.liveText],
  lost: [words.viewer.lost, words.viewer.lostText],
  asking: [words.viewer.asking, words.viewer.askingText],
};

/** Whether what is shown is as new as it can be. Nothing is said where nothing changes. */
export function LinkSign({ link, isRunning, isPast }: Props) {
  if (isPast) return <Sign kind="past" word={words.viewer.past} text={words.viewer.pastText} />;
  if (link === "out" || !(isRunning || link === "lost")) return null;
  const [word, text] = SHOWN[link];
  return <Sign kind={link} word={word} text={text} />;
}

const Sign = ({ kind, word, text }: { kind: string; word: string; text: string }) => (
  <span className={`link-sign ${kind}`} role="status" title={text}>
    {word}
  </span>
);
