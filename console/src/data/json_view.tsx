import { useMemo } from "react";
import { lines } from "../execution/json_text";
import "./data.css";

/** JSON with its parts coloured, every character of it as it was stored. */
export function JsonView({ text, label }: { text: string; label: string }) {
  const shown = useMemo(() => lines(text), [text]);
  return (
    // What scrolls must be reached without a mouse.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section className="json" aria-label={label} tabIndex={0}>
      <pre>
        {shown.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
          <div key={index} style={{ paddingInlineStart: `${Math.max(0, line.depth) * 16}px` }}>
            {line.pieces.map((piece, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name
              <span key={place} className={piece.kind}>
                {piece.text}
              </span>
            ))}
          </div>
        ))}
      </pre>
    </section>
  );
}
