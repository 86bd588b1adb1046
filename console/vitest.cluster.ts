import { defineConfig } from "vitest/config";

/** In a real browser, against a real `stepwright server` before a real cluster, which tests/e2e begins. */
export default defineConfig({
  test: {
    include: ["tests/cluster/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
