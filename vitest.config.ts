import { defineConfig } from 'vitest/config';

/**
 * Four projects: `unit` runs anywhere in seconds; `interop` starts real MCP servers and the official conformance suite; `cluster` runs on a
 * real API server that its global set-up starts; `faults` breaks API servers, connections and clocks, takes minutes and runs by
 * `npm run test:faults` alone. What they start dies with the test runner, however that ends.
 */
export default defineConfig({
  test: {
    reporters: ['default', './test/counts-reporter.ts'],
    // Most tests wait for sockets and timers; on two cores one worker, the default there, leaves half of the machine idle.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/cluster/**', 'test/faults/**', 'test/interop/**', 'test/conformance/**', 'node_modules/**'],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts', 'test/conformance/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
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
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          globalSetup: ['test/faults/global-setup.ts'],
          // Each measures what happens within seconds: side by side they would disturb each other.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
