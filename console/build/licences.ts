import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** What may be shipped. Tools that only build may be more: they leave nothing of theirs in what is built. */
const SHIPPED = new Set(["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0", "OFL-1.1", "Unlicense"]);
const TOOLS = new Set([
  ...SHIPPED,
  "MPL-2.0",
  "Python-2.0",
  "CC0-1.0",
  "CC-BY-4.0",
  "BlueOak-1.0.0",
  "MIT OR Apache-2.0",
]);
/** ELK comes as its own file, unchanged, with its notice: EPL-2.0, which we choose, asks for no more. */
const ALONE: Record<string, string> = { elkjs: "EPL-2.0 OR GPL-3.0-or-later" };

export interface Package {
  name: string;
  version: string;
  licence: string;
  tool: boolean;
  folder: string;
}

interface Lock {
  packages: Record<
    string,
    { version?: string; license?: string; dev?: boolean; optional?: boolean; resolved?: string }
  >;
}

/** All that the lock holds, in its order. */
export function locked(root: string): Package[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
  return Object.entries(lock.packages)
    .filter(([folder]) => folder !== "")
    .map(([folder, found]) => ({
      name: folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length),
      version: found.version ?? "",
      licence: found.license ?? "unknown",
      tool: Boolean(found.dev),
      folder,
    }));
}

/** Those whose licence is not on the list, each as a sentence. */
export function refused(packages: readonly Package[]): string[] {
  return packages
    .filter(({ name, licence, tool }) => !(tool ? TOOLS : SHIPPED).has(licence) && ALONE[name] !== licence)
    .map(
      ({ name, version, licence }) =>
        `${name} ${version} has the licence ${licence}, which build/licences.ts does not allow`,
    );
}

/** `THIRD-PARTY.txt` beside the page: name, version, licence and its text, for each package whose code is shipped. */
export function licences(): Plugin {
  let root = "";
  return {
    name: "stepwright:licences",
    apply: "build",
    configResolved(config) {
      root = config.root;
    },
    generateBundle() {
      const packages = locked(root);
      const bad = refused(packages);
      if (bad.length) this.error(bad.join("\n"));
      const source = packages
        .filter((each) => !each.tool)
        .map((each) => told(root, each))
        .join("\n");
      this.emitFile({ type: "asset", fileName: "THIRD-PARTY.txt", source });
    },
  };
}

function told(root: string, { name, version, licence, folder }: Package): string {
  const at = join(root, folder);
  const texts = existsSync(at) ? readdirSync(at).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)) : [];
  const rule = "-".repeat(78);
  return [
    `${rule}\n${name} ${version} (${licence})\n${rule}`,
    ...texts.map((file) => readFileSync(join(at, file), "utf8").trim()),
    "",
  ].join("\n");
}
