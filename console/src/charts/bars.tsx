import { HEIGHT, WIDTH } from "./chart";
import { type Column, counted, KINDS } from "./figures";

const GAP = 1.5;
/** A few among many are seen, too. */
const LEAST = 1.5;

/** How many executions there were in each part of the time, by what became of them. `top`: how many fill the picture. */
export const Bars = ({ columns, top }: { columns: readonly Column[]; top: number }) =>
  columns.map((column, index) => <Bar key={column.begin} of={column} index={index} top={top} />);

function Bar({ of: { figures }, index, top }: { of: Column; index: number; top: number }) {
  let under = HEIGHT;
  return KINDS.map((kind) => {
    const count = counted(figures, kind);
    if (count === 0) return null;
    const height = Math.max(LEAST, (count / top) * HEIGHT);
    under -= height;
    return (
      <rect
        key={kind}
        className={kind}
        x={index * WIDTH + GAP / 2}
        width={WIDTH - GAP}
        y={Math.max(0, under)}
        height={height}
      />
    );
  });
}
