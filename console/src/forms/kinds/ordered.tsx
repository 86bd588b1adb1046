/** A list whose order counts. Its items are carried by their grips, or moved by keys and buttons: each move is one step. */
import Button from "@cloudscape-design/components/button";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Pointer, Value } from "../../document";
import { child } from "../../document/pointer";
import type { Asked } from "../../language/fields";
import { words } from "../../words";
import { useForm } from "../form";
import { type Carried, useCarrying } from "./carrying";

interface Props {
  asked: Asked;
  list: Pointer;
  items: readonly Value[];
  titleOf: (item: Value, index: number) => string;
  children: (item: Value, index: number) => ReactNode;
}

/** What moved an item, which has the focus behind the move, too. */
type Mover = "grip" | "up" | "down";

export function Ordered({ asked, list, items, titleOf, children }: Props) {
  const form = useForm();
  const frame = useRef<HTMLOListElement>(null);
  const follow = useRef<{ index: number; mover: Mover } | null>(null);
  const [said, say] = useState("");
  const move = (from: number, to: number, mover: Mover) => {
    const item = items[from];
    if (item === undefined || to < 0 || to >= items.length || form.locked !== null) return;
    const title = titleOf(item, from);
    if (!form.move(list, from, to, asked.title)) return;
    follow.current = { index: to, mover };
    say(words.forms.moved(title, to + 1, items.length));
  };
  const { carried, begin } = useCarrying(frame, (from, to) => move(from, to, "grip"));
  useEffect(() => {
    if (!follow.current) return;
    const { index, mover } = follow.current;
    follow.current = null;
    const item = frame.current?.children[index];
    const same = item?.querySelector<HTMLElement>(
      `[data-mover=${mover}] button:not([disabled]), button[data-mover=${mover}]`,
    );
    (same ?? item?.querySelector<HTMLElement>("[data-mover=grip]"))?.focus();
  });
  return (
    <>
      <ol ref={frame} className={`entries ${carried ? "carrying" : ""}`}>
        {items.map((item, index) => {
          const title = titleOf(item, index);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: an item has no other name
            <li key={index} className={placeOf(index, carried)}>
              <div className="item-head">
                <button
                  type="button"
                  className="grip"
                  data-mover="grip"
                  aria-label={words.forms.carry(title)}
                  title={words.forms.carryHint}
                  disabled={form.locked !== null}
                  onPointerDown={(event) => begin(index, event)}
                  onKeyDown={(event) => {
                    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
                    if (by === undefined) return;
                    event.preventDefault();
                    move(index, index + by, "grip");
                  }}
                />
                <span className="number">{index + 1}</span>
                <strong>{title}</strong>
                <span data-mover="up">
                  <Button
                    variant="icon"
                    iconName="angle-up"
                    ariaLabel={words.forms.up(title)}
                    disabled={form.locked !== null || index === 0}
                    onClick={() => move(index, index - 1, "up")}
                  />
                </span>
                <span data-mover="down">
                  <Button
                    variant="icon"
                    iconName="angle-down"
                    ariaLabel={words.forms.down(title)}
                    disabled={form.locked !== null || index === items.length - 1}
                    onClick={() => move(index, index + 1, "down")}
                  />
                </span>
                <Button
                  variant="icon"
                  iconName="remove"
                  ariaLabel={words.forms.remove(title)}
                  disabled={form.locked !== null}
                  onClick={() => form.set(child(list, index), undefined, asked.title)}
                />
              </div>
              {children(item, index)}
            </li>
          );
        })}
      </ol>
      <span className="unseen" role="status">
        {said}
      </span>
    </>
  );
}

/** Where the line is drawn at which the carried item would come in. */
function placeOf(index: number, carried: Carried | null): string {
  if (carried === null) return "";
  const { from, to } = carried;
  if (index === from) return "lifted";
  if (index !== to) return "";
  return to > from ? "below" : "above";
}
