/** The tests of the gates: they say something about the gates alone, so `npm test` does without them. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.mjs'],
    pool: 'forks',
    // One file at a time: another part of the gates runs at the same time.
    fileParallelism: false,
    testTimeout: 300_000,
    expect: { requireAssertions: true },
  },
});
