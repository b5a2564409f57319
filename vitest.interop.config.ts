import { defineConfig } from 'vitest/config';

/** Real servers: one file after another, for each starts servers of its own. */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    fileParallelism: false,
    // waits within a test end at 40 seconds and say what they waited for
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
