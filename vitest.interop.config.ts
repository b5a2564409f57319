import { defineConfig } from 'vitest/config';

/** Real servers: one file after another, for each starts servers of its own. */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
