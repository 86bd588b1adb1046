import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type KeyboardEvent,
  memo,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
} from "react";
import "./rows.css";

const HEIGHT = 36;
const BEYOND = 12;

export interface Column<Row> {
  header: string;
  /** What stands above it instead of its name. */
  head?: ReactNode;
  sorted?: "ascending" | "descending" | "none";
  /** As CSS has widths of columns of a grid. */
  width: string;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  label: string;
  count: number;
  columns: readonly Column<Row>[];
  /** undefined: it is on its way. */
  rowAt: (index: number) => Row | undefined;
  /** -1: none. */
  chosen: number;
  onChoose: (index: number) => void;
  /** First and last row that are drawn. */
  onSight?: (first: number, last: number) => void;
  empty: string;
}

/** A table of any length, of which only those rows are drawn that are in sight. The first cell of each is a button; arrows go
 * from row to row. */
export function Rows<Row>({ label, count, columns, rowAt, chosen, onChoose, onSight, empty }: Props<Row>) {
  const frame = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => HEIGHT,
    overscan: BEYOND,
  });
  const shown = rows.getVirtualItems();
  const [first, last] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0];
  useEffect(() => onSight?.(first, last), [onSight, first, last]);
  useEffect(() => {
    if (chosen >= 0) rows.scrollToIndex(chosen, { align: "auto" });
  }, [rows, chosen]);
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const targets: Record<string, number> = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: count - 1 };
    const to = targets[event.key];
    if (to === undefined || to < 0 || to >= count || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    // The button that had it may soon be out of sight, and gone.
    frame.current?.focus({ preventScroll: true });
    onChoose(to);
  };
  const widths = useMemo(() => ({ gridTemplateColumns: columns.map(({ width }) => width).join(" ") }), [columns]);
  const newest = useRef(onChoose);
  useEffect(() => {
    newest.current = onChoose;
  }, [onChoose]);
  const choose = useCallback((index: number) => newest.current(index), []);
  return (
    <section className="rows" ref={frame} aria-label={label} tabIndex={0} onKeyDown={move}>
      <div role="table" aria-label={label} aria-rowcount={count + 1}>
        <div className="row head" role="row" aria-rowindex={1} style={widths}>
          {columns.map(({ header, head, sorted }) => (
            <span key={header} role="columnheader" {...(sorted ? { "aria-sort": sorted } : {})}>
              {head ?? header}
            </span>
          ))}
        </div>
        <div className="body" role="rowgroup" style={{ height: rows.getTotalSize() }}>
          {shown.map(({ index, start }) => (
            <Line
              key={index}
              index={index}
              start={start}
              row={rowAt(index)}
              columns={columns as readonly Column<unknown>[]}
              widths={widths}
              isChosen={index === chosen}
              onChoose={choose}
            />
          ))}
        </div>
      </div>
      {count === 0 && <p className="none">{empty}</p>}
    </section>
  );
}

interface LineProps {
  index: number;
  /** Where it is, in pixels. */
  start: number;
  row: unknown;
  columns: readonly Column<unknown>[];
  widths: CSSProperties;
  isChosen: boolean;
  onChoose: (index: number) => void;
}

/** Not drawn again while others come into sight. */
const Line = memo(function Line({ index, start, row, columns, widths, isChosen, onChoose }: LineProps) {
  return (
    // The button in it does the same for keys.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      className="row"
      role="row"
      aria-rowindex={index + 2}
      aria-current={isChosen}
      style={{ ...widths, height: HEIGHT, transform: `translateY(${start}px)` }}
      onClick={() => onChoose(index)}
    >
      {columns.map(({ header, cell }, place) => (
        <span key={header} role="cell">
          {place === 0 ? <button type="button">{row ? cell(row) : "…"}</button> : row ? cell(row) : null}
        </span>
      ))}
    </div>
  );
});
