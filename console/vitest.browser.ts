import { defineConfig } from "vitest/config";

/** In a real browser, against a real `stepwright dev`: waits follow what is awaited, and end generously. */
export default defineConfig({
  test: {
    include: ["tests/browser/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
