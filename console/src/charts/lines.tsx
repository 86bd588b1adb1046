import { HEIGHT, WIDTH } from "./chart";
import type { Column } from "./figures";

export const TIMES = ["p50", "p95"] as const;

/** How long executions took, part by part. Where none has succeeded the line goes on behind. `top`: milliseconds that fill the picture. */
export const Lines = ({ columns, top }: { columns: readonly Column[]; top: number }) =>
  [...TIMES].reverse().map((each) => {
    const points = columns.flatMap(({ figures }, index) => {
      const millis = figures[each];
      return millis === undefined ? [] : [`${(index + 0.5) * WIDTH} ${HEIGHT - (millis / top) * HEIGHT}`];
    });
    const [first] = points;
    if (first === undefined) return null;
    // A single one is a dot, as its ends are round.
    const isDot = points.length === 1;
    return (
      <path
        key={each}
        className={isDot ? `${each} dot` : each}
        d={isDot ? `M${first}L${first}` : `M${points.join("L")}`}
      />
    );
  });
