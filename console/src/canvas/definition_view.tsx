import Box from "@cloudscape-design/components/box";
import { useMemo } from "react";
import { JsonView } from "../data/json_view";
import { type Graph, graphOf } from "../graph/of_definition";
import { words } from "../words";
import { Canvas } from "./canvas";
import type { Mark } from "./nodes";
import "./definition.css";

/** `value`: undefined if the text is no JSON. */
export interface Definition {
  text: string;
  value: unknown;
  graph: Graph;
}

export function useDefinition(text: string | undefined): Definition {
  const value = useMemo(() => parsed(text), [text]);
  const graph = useMemo(() => graphOf(value), [value]);
  return { text: text ?? "", value, graph };
}

export const statesOf = ({ graph }: Definition): number => graph.nodes.filter(({ kind }) => kind === "state").length;

interface Props {
  of: Definition;
  shown: "graph" | "text";
  marks?: ReadonlyMap<string, Mark> | undefined;
}

/** A definition as it is stored. */
export function DefinitionView({ of, shown, marks }: Props) {
  if (shown === "text") return <JsonView text={of.text} label={words.machine.definition} />;
  if (of.value === undefined) return <Box padding="l">{words.machine.notJson}</Box>;
  return <Canvas graph={of.graph} marks={marks} />;
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return undefined;
  }
}
