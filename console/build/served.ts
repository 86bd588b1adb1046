import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Of a file in the manifest. `gzip` is null where compressing does not pay; else the file stands beside, with `.gz`. */
interface Entry {
  bytes: number;
  gzip: number | null;
  sha256: string;
}

const WORTH_IT = 0.95;

/** After the build: `.gz` beside each file, so that nobody compresses at run time, and `manifest.json` of all of them. */
export function served(): Plugin {
  let folder = "";
  return {
    name: "stepwright:served",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    writeBundle: {
      order: "post",
      sequential: true,
      handler: () => compress(folder),
    },
  };
}

function compress(folder: string): void {
  const files: Record<string, Entry> = {};
  for (const path of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!path.isFile()) continue;
    const file = join(path.parentPath, path.name);
    const content = readFileSync(file);
    const small = gzipSync(content, { level: constants.Z_BEST_COMPRESSION });
    const pays = small.length < content.length * WORTH_IT;
    if (pays) writeFileSync(`${file}.gz`, small);
    files[relative(folder, file)] = {
      bytes: content.length,
      gzip: pays ? small.length : null,
      sha256: createHash("sha256").update(content).digest("hex"),
    };
  }
  const sorted = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify({ files: sorted }, null, 1)}\n`);
}
