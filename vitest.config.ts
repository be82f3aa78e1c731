import { defineConfig } from 'vitest/config';

/**
 * Two projects: `unit` runs anywhere in seconds; `cluster` runs on a real API server that its global set-up starts
 * (and that dies with the test runner, however that ends).
 */
export default defineConfig({
  test: {
    reporters: ['default', './test/counts-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/cluster/**', 'node_modules/**'],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          globalSetup: ['test/cluster/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
