/** A sign for each type of state, drawn, so that it needs no font. */
import "./glyphs.css";

const SHAPES: Record<string, string> = {
  Task: "M3 4.5h10v7H3zM6 4.5v-2h4v2",
  Pass: "M2.5 8h10M9 4.5 12.5 8 9 11.5",
  Choice: "M8 2.5 13.5 8 8 13.5 2.5 8z",
  Wait: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 5v3l2 1.5",
  Parallel: "M4 2.5v11M8 2.5v11M12 2.5v11",
  Map: "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
  Succeed: "M3 8.5 6.5 12 13 4.5",
  Fail: "M4 4l8 8M12 4l-8 8",
};
const UNKNOWN = "M5.5 6a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .7-1 1.4M8 12.5v.2";

/** As the path of an SVG, 16 units wide and high. */
export const shapeOf = (type: string): string => (Object.hasOwn(SHAPES, type) && SHAPES[type]) || UNKNOWN;

export function Glyph({ type }: { type: string }) {
  return (
    <svg className="glyph" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={shapeOf(type)} />
    </svg>
  );
}
