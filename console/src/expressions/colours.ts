/** Colours of the parts of an expression: what is a path, a function, a text, a number. */
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";

const PART =
  /(?<sign>\{%|%\})|(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<call>(?:\$|States\.)\w+(?=\())|(?<path>\$[\w$]*(?:[.[][\w$.[\]*'-]*)?)|(?<number>\b\d+(?:\.\d+)?\b)/g;

const matcher = new MatchDecorator({
  regexp: PART,
  decoration: ({ groups = {} }) => {
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined) ?? "text";
    return Decoration.mark({ class: `part-${kind}` });
  },
});

export const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = matcher.createDeco(view);
    }
    update(update: ViewUpdate) {
      this.decorations = matcher.updateDeco(update, this.decorations);
    }
  },
  { decorations: ({ decorations }) => decorations },
);
