/** The lines of what is chosen. */
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

/** A stretch of the text, or nothing. */
export const mark = StateEffect.define<{ from: number; to: number } | null>();

const LINE = Decoration.line({ class: "cm-chosen" });

export const marked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(found, { changes, effects, state }) {
    let now = found.map(changes);
    for (const effect of effects) {
      if (!effect.is(mark)) continue;
      if (effect.value === null) now = Decoration.none;
      else {
        const { doc } = state;
        const first = doc.lineAt(Math.min(effect.value.from, doc.length)).number;
        const last = doc.lineAt(Math.min(effect.value.to, doc.length)).number;
        const lines = Array.from({ length: last - first + 1 }, (_, index) => LINE.range(doc.line(first + index).from));
        now = Decoration.set(lines);
      }
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});
