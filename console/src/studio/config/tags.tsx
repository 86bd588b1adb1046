/** Names and values for those who sort state machines by them. */
import Button from "@cloudscape-design/components/button";
import { useEffect, useRef, useState } from "react";
import type { Tag } from "../../api/machines";
import { MOST_TAGS } from "../../editing/config";
import { words } from "../../words";
import { BareLine } from "./line";
import type { Configuring } from "./use_config";

export function Tags({ of }: { of: Configuring }) {
  const { isLocked, problems } = of;
  const { tags } = of.config;
  const list = useRef<HTMLUListElement>(null);
  const [added, add] = useState(0);
  const set = (changed: readonly Tag[]) => of.set({ tags: changed }, words.config.tags);
  const write = (index: number, part: Partial<Tag>) =>
    set(tags.map((tag, each) => (each === index ? { ...tag, ...part } : tag)));
  useEffect(() => {
    // Whoever adds one wants to write it.
    if (added > 0) list.current?.querySelector<HTMLInputElement>("li:last-child input")?.focus();
  }, [added]);
  return (
    <>
      {tags.length === 0 && <p className="asked">{words.config.noTag}</p>}
      <ul ref={list} className="tags">
        {tags.map((tag, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a tag that is being written has no name yet
          <li key={index}>
            <BareLine
              ariaLabel={words.config.tagKey(index + 1)}
              placeholder={words.config.tagKeyHint}
              value={tag.key}
              disabled={isLocked}
              invalid={problems.has(`tags/${index}`)}
              onSet={(key) => write(index, { key })}
            />
            <BareLine
              ariaLabel={words.config.tagValue(index + 1)}
              placeholder={words.config.tagValueHint}
              value={tag.value}
              disabled={isLocked}
              onSet={(value) => write(index, { value })}
            />
            <Button
              variant="icon"
              iconName="close"
              ariaLabel={words.config.removeTag(tag.key || String(index + 1))}
              disabled={isLocked}
              onClick={() => set(tags.filter((_, each) => each !== index))}
            />
            {problems.has(`tags/${index}`) && (
              <p className="trouble error" role="note">
                {problems.get(`tags/${index}`)}
              </p>
            )}
          </li>
        ))}
      </ul>
      {problems.has("tags") && (
        <p className="trouble error" role="note">
          {problems.get("tags")}
        </p>
      )}
      <Button
        iconName="add-plus"
        disabled={isLocked || tags.length >= MOST_TAGS}
        onClick={() => {
          set([...tags, { key: "", value: "" }]);
          add((times) => times + 1);
        }}
      >
        {words.config.addTag}
      </Button>
    </>
  );
}
