import { defineConfig } from "vitest/config";

/** What `python -m bench console` runs: nothing fails by its time. */
export default defineConfig({
  test: {
    include: ["tests/measure/**/*.measure.ts"],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
});
