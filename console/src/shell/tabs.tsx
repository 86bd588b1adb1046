import { type KeyboardEvent, type ReactNode, useId } from "react";
import "./tabs.css";

export interface Tab<Id extends string> {
  id: Id;
  label: string;
  content: ReactNode;
}

interface Props<Id extends string> {
  label: string;
  tabs: readonly Tab<Id>[];
  chosen: Id | undefined;
  onChoose: (id: Id) => void;
}

/**
 * Parts of something, of which one is shown. All of them are in sight, in lines if there is no room for one, so none is looked for
 * by scrolling. By https://www.w3.org/WAI/ARIA/apg/patterns/tabs/: arrows go from one to the next.
 */
export function Tabs<Id extends string>({ label, tabs, chosen, onChoose }: Props<Id>) {
  const own = useId();
  const at = Math.max(
    0,
    tabs.findIndex(({ id }) => id === chosen),
  );
  const shown = tabs[at];
  const walk = (event: KeyboardEvent<HTMLElement>) => {
    const last = tabs.length - 1;
    const targets: Record<string, number> = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    const to = tabs[targets[event.key] ?? -1];
    if (!to) return;
    event.preventDefault();
    onChoose(to.id);
    document.getElementById(`${own}${to.id}`)?.focus();
  };
  if (!shown) return null;
  return (
    <div className="tabs">
      <div role="tablist" aria-label={label} onKeyDown={walk}>
        {tabs.map(({ id, label: name }) => (
          <button
            key={id}
            id={`${own}${id}`}
            type="button"
            role="tab"
            aria-selected={id === shown.id}
            aria-controls={`${own}panel`}
            tabIndex={id === shown.id ? 0 : -1}
            onClick={() => onChoose(id)}
          >
            {name}
          </button>
        ))}
      </div>
      <div id={`${own}panel`} role="tabpanel" aria-labelledby={`${own}${shown.id}`} key={shown.id}>
        {shown.content}
      </div>
    </div>
  );
}
