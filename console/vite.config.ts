import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { first } from "./build/first.ts";
import { gates } from "./build/gates.ts";
import { licences } from "./build/licences.ts";
import { served } from "./build/served.ts";

/** Where Python serves it from: the wheel and the image hold this folder, git does not. */
const outDir = "../operator/stepwright/console/dist";

export default defineConfig({
  base: "/console/",
  plugins: [react(), first(), licences(), gates(), served()],
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // Each file is a request, and a browser makes six at once.
          groups: [
            { name: "first", tags: ["$initial"], priority: 2 },
            { name: "often", minShareCount: 9, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/console/api": "http://127.0.0.1:8083" } },
});
