import ButtonDropdown, { type ButtonDropdownProps } from "@cloudscape-design/components/button-dropdown";
import { useNavigate } from "@tanstack/react-router";
import type { Me } from "../api/generated/console";
import { logOut } from "../api/session";
import { BASE } from "../paths";
import { choose, type Theme, useTheme } from "../theme/mode";
import { words } from "../words";

const THEMES: Theme[] = ["system", "light", "dark"];
const OUT = "out";

/** Whose things one looks at: a choice, if there are others. `namespace` may be none of those that one may look at. */
export function TenantChoice({ me, namespace }: { me: Me; namespace: string }) {
  const navigate = useNavigate();
  if (me.tenants.every(({ name }) => name === namespace)) return <span title={words.shell.tenant}>{namespace}</span>;
  return (
    <ButtonDropdown
      variant="normal"
      ariaLabel={`${words.shell.tenant}: ${namespace}`}
      items={me.tenants.map(({ name }) => ({
        id: name,
        text: name,
        itemType: "checkbox" as const,
        checked: name === namespace,
      }))}
      onItemClick={({ detail }) => void navigate({ to: "/$namespace/machines", params: { namespace: detail.id } })}
    >
      {namespace}
    </ButtonDropdown>
  );
}

/** How the console looks, and as whom one is here. */
export function Menu({ me }: { me: Me | undefined }) {
  const theme = useTheme();
  const themes = THEMES.map((each) => ({
    id: each,
    text: words.shell.themes[each],
    itemType: "checkbox" as const,
    checked: each === theme,
  }));
  const isIn = me?.login !== null && me?.person;
  const items: ButtonDropdownProps.Items = isIn
    ? [
        { text: words.shell.theme, items: themes },
        { text: words.shell.person(isIn), items: [{ id: OUT, text: words.shell.logOut }] },
      ]
    : themes;
  const leave = () =>
    logOut().then(
      // Nothing of what was seen and typed is left for whoever comes next, nor where that was.
      () => location.assign(`${BASE}/?login=out`),
      () => undefined, // the server does not answer, and the page says so
    );
  return (
    <ButtonDropdown
      variant="icon"
      ariaLabel={isIn ? words.shell.menu : words.shell.theme}
      items={items}
      onItemClick={({ detail }) => {
        if (detail.id === OUT) void leave();
        else choose(detail.id as Theme);
      }}
    />
  );
}
