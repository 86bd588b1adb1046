/** What the parts of the picture share. */
import { createContext } from "react";
import type { Trouble } from "../../editing/snapshot";
import type { Here } from "../../editing/use_session";
import { Dragging } from "./dragging";

/** By nodes: `troubles` and `names`. `final`: edges after which nothing can come. */
export interface Drawn extends Pick<Here, "session" | "wish"> {
  dragging: Dragging;
  troubles: ReadonlyMap<string, readonly Trouble[]>;
  names: ReadonlyMap<string, string>;
  final: ReadonlySet<string>;
  renaming: string | null;
  mayEdit: boolean;
}

export const DrawnContext = createContext<Drawn | null>(null);

/** Of the page: the palette begins what ends in the picture. */
export const DraggingContext = createContext(
  new Dragging(
    () => false,
    () => undefined,
  ),
);
