import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

/** The page hands it out: without it the styles of an editor would be blocked. */
export const nonce = (): Extension =>
  EditorView.cspNonce.of(document.querySelector('meta[name="nonce"]')?.getAttribute("content") ?? "");
