import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { gates } from "./build/gates.ts";
import { licences } from "./build/licences.ts";
import { served } from "./build/served.ts";

/** Where Python serves it from: the wheel and the image hold this folder, git does not. */
const outDir = "../operator/stepwright/console/dist";

export default defineConfig({
  base: "/console/",
  plugins: [react(), licences(), gates(), served()],
  build: { outDir, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 },
  server: { proxy: { "/console/api": "http://127.0.0.1:8083" } },
});
