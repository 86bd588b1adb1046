import { gzipSync } from "node:zlib";
import type { Plugin, Rollup } from "vite";

interface Gate {
  name: string;
  pages: readonly string[];
  most: number;
  /** What was fetched before, and is not counted. */
  beside?: readonly string[];
}

const LIST = ["src/main.tsx", "src/pages/machines/list.tsx"];
const STUDIO = ["src/pages/studio/machine.tsx"];

/** What a visitor may have to fetch, in KiB, compressed, without fonts. */
export const GATES: readonly Gate[] = [
  { name: "first page (a list)", pages: LIST, most: 400 },
  { name: "viewer", pages: ["src/main.tsx", "src/pages/execution/viewer.tsx"], most: 480 },
  { name: "studio, beside the list", pages: STUDIO, beside: LIST, most: 245 },
  { name: "dashboard, beside the list", pages: ["src/pages/dashboard/dashboard.tsx"], beside: LIST, most: 40 },
  { name: "text, beside Studio", pages: ["src/studio/text_pane.tsx"], beside: [...LIST, ...STUDIO], most: 20 },
  {
    name: "configuration, beside Studio",
    pages: ["src/studio/config/config_panel.tsx"],
    beside: [...LIST, ...STUDIO],
    most: 40,
  },
  {
    name: "forms, outline and tests, beside Studio",
    pages: ["src/forms/form_panel.tsx", "src/outline/outline.tsx", "src/test_drawer/test_drawer.tsx"],
    beside: [...LIST, ...STUDIO],
    most: 110,
  },
];
const KIB = 1024;

/** ELK alone: it comes while the page is there already. */
const LAYOUT_MOST = 470;

/** Fails a build that has become too heavy, and says by how much. */
export function gates(): Plugin {
  return {
    name: "stepwright:gates",
    apply: "build",
    writeBundle(_options, bundle) {
      const lines: string[] = [];
      const tooHeavy: string[] = [];
      const weigh = (name: string, files: readonly string[], most: number) => {
        let bytes = 0;
        for (const file of files) bytes += weight(bundle, file);
        const line = `${name}: ${Math.round(bytes / KIB)} of ${most} KiB in ${files.length} files`;
        lines.push(line);
        if (bytes > most * KIB) tooHeavy.push(line);
      };
      for (const { name, pages, most, beside = [] } of GATES) {
        const before = reached(bundle, beside);
        weigh(
          name,
          [...reached(bundle, pages)].filter((file) => !before.has(file)),
          most,
        );
      }
      const elk = Object.keys(bundle).filter((file) => file.includes("elk-worker"));
      weigh("layout (ELK)", elk, LAYOUT_MOST);
      this.info(lines.join(", "));
      if (tooHeavy.length) this.error(`too heavy: ${tooHeavy.join(", ")}`);
    },
  };
}

/** Chunks and styles that these modules need before they show anything. */
function reached(bundle: Rollup.OutputBundle, modules: readonly string[]): Set<string> {
  const found = new Set<string>();
  const waiting: string[] = [];
  for (const module of modules) {
    const chunk = Object.values(bundle).find(
      (each) => each.type === "chunk" && each.moduleIds.some((id) => id.endsWith(module)),
    );
    if (!chunk) throw new Error(`no chunk holds ${module}: build/gates.ts names it`);
    waiting.push(chunk.fileName);
  }
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const chunk = bundle[file];
    if (found.has(file) || chunk?.type !== "chunk") continue;
    found.add(file);
    waiting.push(...chunk.imports);
    for (const style of chunk.viteMetadata?.importedCss ?? []) found.add(style);
  }
  return found;
}

function weight(bundle: Rollup.OutputBundle, file: string): number {
  const part = bundle[file];
  if (!part) return 0;
  return gzipSync(part.type === "chunk" ? part.code : part.source, { level: 9 }).length;
}
