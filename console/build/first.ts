import type { Plugin } from "vite";

/** The big stylesheets stand at the end of the page: what is above them is painted before they are there. */
export function first(): Plugin {
  return {
    name: "stepwright:first",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (html) => {
        const styles = html.match(STYLES) ?? [];
        if (!styles.length) throw new Error("the page has no stylesheet: build/first.ts knows another form of them");
        return html.replace(STYLES, "").replace(END, `${styles.join("")}${END}`);
      },
    },
  };
}

const STYLES = /[ \t]*<link rel="stylesheet"[^>]*>\n?/g;
const END = "</body>";
