import ButtonDropdown, { type ButtonDropdownProps } from "@cloudscape-design/components/button-dropdown";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { Dialog } from "../../acts/dialog";
import { words } from "../../words";
import type { ExecutionsSearch } from "./search";
import { isSame, LONGEST_NAME, useViews } from "./views";

const KEEP = "keep";
const SHOWN = "show:";
const FORGOTTEN = "forget:";

interface Props {
  namespace: string;
  /** What is shown now. */
  search: ExecutionsSearch;
  onShow: (search: ExecutionsSearch) => void;
}

/** Views that were kept under a name, and what is shown now as another one. */
export function ViewsMenu({ namespace, search, onShow }: Props) {
  const { views, add, forget } = useViews(namespace);
  const [isNaming, setNaming] = useState(false);
  const isWhole = isSame(search, {});
  if (isWhole && views.length === 0) return null;
  const items: ButtonDropdownProps.ItemOrGroup[] = [
    ...views.map(
      (view): ButtonDropdownProps.CheckboxItem => ({
        id: SHOWN + view.name,
        text: view.name,
        itemType: "checkbox",
        checked: isSame(view.search, search),
      }),
    ),
    { id: KEEP, text: words.views.keep, disabled: isWhole, disabledReason: words.views.isWhole },
    ...(views.length > 0
      ? [{ text: words.views.forget, items: views.map(({ name }) => ({ id: FORGOTTEN + name, text: name })) }]
      : []),
  ];
  return (
    <>
      <ButtonDropdown
        items={items}
        expandableGroups
        onItemClick={({ detail: { id } }) => {
          if (id === KEEP) return setNaming(true);
          if (id.startsWith(FORGOTTEN)) return forget(id.slice(FORGOTTEN.length));
          const view = views.find(({ name }) => SHOWN + name === id);
          if (view) onShow(view.search);
        }}
      >
        {words.views.menu}
      </ButtonDropdown>
      {isNaming && (
        <NameDialog
          taken={views.map(({ name }) => name)}
          onName={(name) => {
            add({ name, search });
            setNaming(false);
          }}
          onClose={() => setNaming(false)}
        />
      )}
    </>
  );
}

interface NameProps {
  taken: readonly string[];
  onName: (name: string) => void;
  onClose: () => void;
}

function NameDialog({ taken, onName, onClose }: NameProps) {
  const [typed, type] = useState("");
  const name = typed.trim();
  const isUsable = name !== "" && name.length <= LONGEST_NAME;
  const run = () => {
    if (isUsable) onName(name);
  };
  return (
    <Dialog
      title={words.views.keep}
      act={{ text: words.views.keepIt, acting: { run, isUnderWay: false, refused: null }, disabled: !isUsable }}
      onClose={onClose}
    >
      <FormField
        label={words.views.name}
        description={words.views.where}
        constraintText={taken.includes(name) ? words.views.replaces(name) : words.views.longest(LONGEST_NAME)}
      >
        <Input
          autoFocus
          value={typed}
          onChange={({ detail }) => type(detail.value)}
          onKeyDown={({ detail }) => {
            if (detail.key === "Enter") run();
          }}
        />
      </FormField>
    </Dialog>
  );
}
