/** What is typed over a selection takes its place by us: Chromium would keep the looks of what was there as inline styles, which our
 * policy forbids and its console then complains of. */
import { EditorView } from "@codemirror/view";

export const typingOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { state } = view;
    const isTyped = event.inputType === "insertText" && typeof event.data === "string" && !view.composing;
    if (!isTyped || state.readOnly || state.selection.main.empty) return false;
    view.dispatch(
      state.update(state.replaceSelection(event.data ?? ""), { userEvent: "input.type", scrollIntoView: true }),
    );
    event.preventDefault();
    return true;
  },
});
