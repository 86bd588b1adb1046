/** Light or dark: as the system has it, unless the person has chosen. */
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { useSyncExternalStore } from "react";
import { keep, kept } from "../kept";

export type Theme = "system" | "light" | "dark";

const KEY = "stepwright.theme";
const dark = () => matchMedia("(prefers-color-scheme: dark)");
const told = new Set<() => void>();

export function theme(): Theme {
  const chosen = kept(KEY);
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function isDark(): boolean {
  const wanted = theme();
  return wanted === "system" ? dark().matches : wanted === "dark";
}

export function choose(wanted: Theme): void {
  keep(KEY, wanted);
  apply();
}

function apply(): void {
  applyMode(isDark() ? Mode.Dark : Mode.Light);
  document.body.classList.add("ready");
  for (const tell of told) tell();
}

/** Once, before anything is drawn. */
export function follow(): void {
  apply();
  dark().addEventListener("change", apply);
}

const subscribe = (tell: () => void) => {
  told.add(tell);
  return () => told.delete(tell);
};

export const useTheme = (): Theme => useSyncExternalStore(subscribe, theme);
export const useDark = (): boolean => useSyncExternalStore(subscribe, isDark);
