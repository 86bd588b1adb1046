/** Lines with rounded corners. */
import type { Point } from "../graph/layout";

const RADIUS = 9;

/** An SVG path through all of them. */
export function rounded(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x},${first.y}`;
  rest.forEach((corner, index) => {
    const [before, after] = [points[index], rest[index + 1]];
    if (!before || !after) {
      path += `L${corner.x},${corner.y}`;
      return;
    }
    const radius = Math.min(RADIUS, distance(corner, before) / 2, distance(corner, after) / 2);
    const into = towards(corner, before, radius);
    const out = towards(corner, after, radius);
    path += `L${into.x},${into.y}Q${corner.x},${corner.y} ${out.x},${out.y}`;
  });
  return path;
}

const distance = (one: Point, other: Point): number => Math.hypot(other.x - one.x, other.y - one.y);

function towards(from: Point, to: Point, far: number): Point {
  const share = far / (distance(from, to) || 1);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
