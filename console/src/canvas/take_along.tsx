import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { Panel } from "@xyflow/react";
import { useState } from "react";
import { words } from "../words";
import type { Drawn } from "./drawing";

const KINDS = ["svg", "png", "mermaid"] as const;

/** The picture as a file, for a page, a ticket or a repository: whole, whatever part of it is looked at. */
export function TakeAlong({ of }: { of: Drawn }) {
  const [failed, fail] = useState(false);
  const take = async (kind: string) => {
    const wanted = KINDS.find((each) => each === kind);
    if (!wanted) return;
    try {
      const { taken } = await import("./taking");
      await taken(of, wanted);
      fail(false);
    } catch {
      fail(true);
    }
  };
  return (
    <Panel position="top-right" className="take-along">
      {failed && <span role="alert">{words.graph.notTaken}</span>}
      <ButtonDropdown
        variant="icon"
        ariaLabel={words.graph.take}
        items={KINDS.map((id) => ({ id, text: words.graph.kinds[id] }))}
        onItemClick={({ detail }) => void take(detail.id)}
      />
    </Panel>
  );
}
