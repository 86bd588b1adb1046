import { defineConfig } from "vitest/config";

/** Unit tests stand beside their sources. Those that need a document say `@vitest-environment happy-dom`. */
export default defineConfig({
  test: {
    include: ["src/**/*.test.{ts,tsx}", "build/**/*.test.ts"],
    testTimeout: 60_000,
    // They import style sheets, which Node.js cannot read.
    server: { deps: { inline: [/@cloudscape-design/] } },
  },
});
