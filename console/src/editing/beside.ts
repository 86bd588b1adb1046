/** What stands beside the text in a session's history: undo takes it back with the text, or by itself. */
import { invertedEffects } from "@codemirror/commands";
import { type EditorState, type Extension, StateEffect, StateField, type Transaction } from "@codemirror/state";
import type { Format, Pointer } from "../document";
import type { Config } from "./config";

/** `config`: null where there is none. */
export interface Beside {
  selected: Pointer | null;
  format: Format;
  config: Config | null;
}

export const setSelected = StateEffect.define<Pointer | null>();
export const setFormat = StateEffect.define<Format>();
export const setConfig = StateEffect.define<Config | null>();

const selectedField = StateField.define<Pointer | null>({
  create: () => null,
  update: (kept, { effects }) => effects.reduce((now, each) => (each.is(setSelected) ? each.value : now), kept),
});
const formatField = StateField.define<Format>({
  create: () => "json",
  update: (kept, { effects }) => effects.reduce((now, each) => (each.is(setFormat) ? each.value : now), kept),
});
const configField = StateField.define<Config | null>({
  create: () => null,
  update: (kept, { effects }) => effects.reduce((now, each) => (each.is(setConfig) ? each.value : now), kept),
});

export const besideOf = (state: EditorState): Beside => ({
  selected: state.field(selectedField),
  format: state.field(formatField),
  config: state.field(configField),
});

/** Whether the history has a step of it: selecting by itself is not one. */
export const isStep = ({ docChanged, startState, state }: Transaction): boolean =>
  docChanged || startState.field(configField) !== state.field(configField);

export const beside = (format: Format, config: Config | null): Extension => [
  selectedField,
  formatField.init(() => format),
  configField.init(() => config),
  invertedEffects.of(({ docChanged, startState, effects }) => {
    if (!docChanged && !effects.some((each) => each.is(setConfig))) return [];
    const before = besideOf(startState);
    return [setSelected.of(before.selected), setFormat.of(before.format), setConfig.of(before.config)];
  }),
];
