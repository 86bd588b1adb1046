/** The definition as a tree: what the picture shows, for those who would rather read, or see no picture. */
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { Glyph } from "../canvas/glyphs";
import { reorderState } from "../document";
import { last, parent } from "../document/pointer";
import { entries } from "../document/value";
import { useKeys } from "../editing/keys";
import type { Session } from "../editing/session";
import type { Trouble } from "../editing/snapshot";
import { byState } from "../editing/states";
import { useSession } from "../editing/use_session";
import { words } from "../words";
import "./outline.css";
import { type Item, treeOf, visible } from "./tree";

export function Outline() {
  const { session, now, wish } = useSession();
  const { graph, selected, problems, broken } = now;
  const tree = useMemo(() => treeOf(graph), [graph]);
  const [folded, fold] = useState<ReadonlySet<string>>(new Set());
  const [scope, enter] = useState<string | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const byKey = useRef(false);
  const keys = useKeys();
  const shown = useMemo(() => visible(tree, folded), [tree, folded]);
  const troubles = useMemo(() => byState(problems), [problems]);
  // A branch is nothing that can be selected, but one may stand on it.
  const active = shown.find(({ id }) => id === scope) ?? shown.find(({ id }) => id === selected) ?? shown[0];

  useEffect(() => {
    if (!byKey.current || !active) return;
    byKey.current = false;
    const row = frame.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(active.id)}"]`);
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const goTo = (item: Item | undefined) => {
    if (!item) return;
    enter(item.kind === "scope" ? item.id : null);
    if (item.kind === "state") session.select(item.id);
  };
  const toggle = (item: Item, isFolded: boolean) =>
    fold((all) => new Set(isFolded ? [...all, item.id] : [...all].filter((id) => id !== item.id)));

  const press = (event: KeyboardEvent) => {
    if (!active) return keys.onKeyDown(event);
    const step = stepFrom(event.key, active, shown, folded.has(active.id));
    const isMove = (event.ctrlKey || event.metaKey) && event.shiftKey && /^Arrow(Up|Down)$/.test(event.key);
    const isPlain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
    if (isMove) reorder(session, active, event.key === "ArrowUp" ? -1 : 1);
    else if (step && isPlain) {
      if ("fold" in step) toggle(active, step.fold);
      else goTo(step.to);
    } else if (active.kind === "scope") {
      // Keys of states mean none here, but something new can come in.
      if (event.key !== "a" || !isPlain) return;
      wish({ kind: "add", where: { scope: active.id } });
    } else return keys.onKeyDown(event);
    byKey.current = true;
    event.preventDefault();
  };

  if (tree.length === 0) return <p className="outline-empty">{words.outline.empty}</p>;
  return (
    <div className="outline">
      {broken && (
        <p className="broken" role="status">
          {words.forms.broken(broken.line, broken.message)}
        </p>
      )}
      <div
        ref={frame}
        role="tree"
        aria-label={words.outline.label}
        tabIndex={-1}
        onKeyDown={press}
        onCopy={keys.onCopy}
        onCut={keys.onCut}
        onPaste={keys.onPaste}
      >
        {shown.map((item) => (
          <Row
            key={item.id}
            item={item}
            troubles={troubles.get(item.id) ?? NONE}
            isFolded={folded.has(item.id)}
            isSelected={item.id === selected}
            isActive={item.id === active?.id}
            onChoose={() => goTo(item)}
            onFold={(isFolded) => toggle(item, isFolded)}
          />
        ))}
      </div>
    </div>
  );
}

const NONE: readonly Trouble[] = [];

interface RowProps {
  item: Item;
  troubles: readonly Trouble[];
  isFolded: boolean;
  isSelected: boolean;
  isActive: boolean;
  onChoose: () => void;
  onFold: (isFolded: boolean) => void;
}

function Row({ item, troubles, isFolded, isSelected, isActive, onChoose, onFold }: RowProps) {
  const { id, kind, name, type, label, leads, waysIn, isStart, level, children } = item;
  const facts = [
    ...(isStart ? [words.outline.start] : []),
    ...leads,
    ...(waysIn > 1
      ? [words.outline.waysIn(waysIn)]
      : kind === "state" && waysIn === 0
        ? [words.outline.unreached]
        : []),
  ];
  return (
    // Its keys are those of the tree.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      role="treeitem"
      data-id={id}
      className={`${kind} ${isSelected ? "selected" : ""}`}
      aria-level={level}
      aria-selected={isSelected}
      {...(children.length > 0 ? { "aria-expanded": !isFolded } : {})}
      tabIndex={isActive ? 0 : -1}
      style={{ paddingInlineStart: `${8 + (level - 1) * 20}px` }}
      onClick={onChoose}
    >
      <span
        className={`fold ${children.length > 0 ? (isFolded ? "folded" : "open") : ""}`}
        aria-hidden="true"
        onClick={(event) => {
          event.stopPropagation();
          if (children.length > 0) onFold(!isFolded);
        }}
      />
      {kind === "state" && <Glyph type={type} />}
      <span className="what">
        <strong>{name}</strong>
        {kind === "state" && <span className="type">{[type, label].filter(Boolean).join(" · ")}</span>}
      </span>
      <span className="facts" title={facts.join(" · ")}>
        {facts.join(" · ")}
      </span>
      {troubles.length > 0 && (
        <span className={`troubles ${troubles.some(({ severity }) => severity === "error") ? "error" : ""}`}>
          {words.studio.troubles(troubles.length)}
        </span>
      )}
    </div>
  );
}

/** What a key does on an item: another item, or this one folded or not. Null: nothing that a tree knows. */
function stepFrom(
  key: string,
  item: Item,
  shown: readonly Item[],
  isFolded: boolean,
): { to: Item | undefined } | { fold: boolean } | null {
  const index = shown.indexOf(item);
  const isOpen = item.children.length > 0 && !isFolded;
  switch (key) {
    case "ArrowDown":
      return { to: shown[index + 1] };
    case "ArrowUp":
      return { to: shown[index - 1] };
    case "Home":
      return { to: shown[0] };
    case "End":
      return { to: shown.at(-1) };
    case "ArrowRight":
      return isOpen ? { to: item.children[0] } : { fold: false };
    case "ArrowLeft":
      return isOpen ? { fold: true } : { to: shown.find(({ id }) => id === item.parent) };
    default:
      return null;
  }
}

/** Up or down among the states of its scope, in the text. */
function reorder(session: Session, { id, kind }: Item, step: -1 | 1): void {
  if (kind !== "state") return;
  const { document } = session.snapshot();
  const names = entries(document.at(parent(id))).map(([name]) => name);
  const to = names.indexOf(last(id)) + step;
  if (to < 0 || to >= names.length) return;
  const after = step < 0 ? (names[to - 1] ?? null) : (names[to] ?? null);
  session.apply((now) => reorderState(now, id, after));
}
