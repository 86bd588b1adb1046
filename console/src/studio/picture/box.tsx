/** A box that can be carried, renamed, and dropped on; it says what is wrong with its state. */
import type { NodeProps } from "@xyflow/react";
import { type KeyboardEvent, memo, useContext, useRef } from "react";
import { Box, type BoxNode } from "../../canvas/nodes";
import { addBranch, renameState } from "../../document";
import type { Trouble } from "../../editing/snapshot";
import { words } from "../../words";
import { type Drawn, DrawnContext } from "./context";
import { type Carried, useCarried } from "./dragging";
import { fits } from "./drops";

export const EditBox = memo(function EditBox(props: NodeProps<BoxNode>) {
  const drawn = useContext(DrawnContext);
  return (
    <>
      <Box {...props} />
      {drawn && <Over {...props} drawn={drawn} />}
    </>
  );
});

function Over({ id, data, drawn }: NodeProps<BoxNode> & { drawn: Drawn }) {
  const { session, dragging, troubles, renaming, mayEdit, wish } = drawn;
  const { node } = data;
  const graph = session.snapshot().graph;
  const word = useCarried(dragging, (carried) => standing(carried, id, (now) => fits(graph, now.item, { node: id })));
  const own = troubles.get(id) ?? [];
  if (renaming === id) return <Name pointer={id} name={node.name} drawn={drawn} />;
  const isState = node.kind === "state";
  return (
    // Keys do the same, by what is chosen.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <div
      className={`over ${isState && mayEdit ? "nopan movable" : ""} ${word ?? ""}`}
      title={own.map(({ message }) => message).join("\n")}
      onPointerDown={(event) => {
        if (isState && mayEdit) dragging.begin({ kind: "state", pointer: id, name: node.name }, event);
      }}
      onDoubleClick={() => isState && mayEdit && wish({ kind: "rename", pointer: id })}
    >
      {own.length > 0 && <Badge troubles={own} />}
      {isState && mayEdit && node.type === "Parallel" && <MoreBranches pointer={id} name={node.name} drawn={drawn} />}
    </div>
  );
}

function MoreBranches({ pointer, name, drawn: { session } }: { pointer: string; name: string; drawn: Drawn }) {
  return (
    <button
      type="button"
      tabIndex={-1}
      className="add-branch nopan"
      aria-label={words.studio.addBranchTo(name)}
      onPointerDown={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
      onClick={(event) => {
        // The new state is chosen, not the Parallel.
        event.stopPropagation();
        session.apply((document) => addBranch(document, pointer));
      }}
    >
      + {words.studio.branch}
    </button>
  );
}

/** While something is carried: whether it is over this, or cannot go here. */
function standing(carried: Carried | null, id: string, fitting: (now: Carried) => boolean): "target" | "closed" | null {
  if (carried === null) return null;
  if (carried.over && "node" in carried.over && carried.over.node === id) return "target";
  return carried.item.kind === "end" && !fitting(carried) ? "closed" : null;
}

function Badge({ troubles }: { troubles: readonly Trouble[] }) {
  const isError = troubles.some(({ severity }) => severity === "error");
  return (
    <span className={`badge ${isError ? "error" : "warning"}`} aria-hidden="true">
      {isError ? "!" : "?"}
      {troubles.length > 1 && <small>{troubles.length}</small>}
    </span>
  );
}

/** Enter and whatever else leaves the field give the name; Escape leaves the old one. */
function Name({ pointer, name, drawn: { session, wish } }: { pointer: string; name: string; drawn: Drawn }) {
  const isEnded = useRef(false);
  const rename = (to: string) => to === name || session.apply((document) => renameState(document, pointer, to));
  const end = () => {
    isEnded.current = true;
    wish(null);
  };
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    event.stopPropagation();
    if (event.key === "Escape" || (event.key === "Enter" && rename(event.currentTarget.value))) end();
  };
  return (
    <input
      className="naming nopan"
      aria-label={words.studio.rename(name)}
      defaultValue={name}
      // It was asked for.
      // biome-ignore lint/a11y/noAutofocus: see above
      autoFocus
      onFocus={(event) => event.currentTarget.select()}
      onBlur={({ currentTarget }) => {
        if (isEnded.current) return;
        rename(currentTarget.value);
        end();
      }}
      onKeyDown={press}
    />
  );
}
