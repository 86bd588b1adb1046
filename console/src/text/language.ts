/** What an editor knows of the format of its text: colours, folds, indents. */
import { Compartment, type Extension } from "@codemirror/state";
import { ViewPlugin } from "@codemirror/view";
import type { Format } from "../document";

const LANGUAGES: Record<Format, () => Promise<Extension>> = {
  json: async () => (await import("@codemirror/lang-json")).json(),
  yaml: async () => (await import("@codemirror/lang-yaml")).yaml(),
};

/** It is fetched while the text is there already, and only of the format that is shown. */
export function language(format: Format): Extension {
  const place = new Compartment();
  const fetching = ViewPlugin.define((view) => {
    let isGone = false;
    LANGUAGES[format]().then(
      (found) => !isGone && view.dispatch({ effects: place.reconfigure(found) }),
      () => undefined, // a text without colours is one, too
    );
    return {
      destroy: () => {
        isGone = true;
      },
    };
  });
  return [place.of([]), fetching];
}
