/**
 * Closes a run with the one line that CI reads: `N passed, N failed`, made from the real counts.
 * A module that fails to load and an error outside any test count as failed; a run without a test fails by itself.
 */
import type { Reporter, TestModule } from 'vitest/node';

export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<unknown>): void {
    let passed = 0;
    let failed = unhandled.length;
    let skipped = 0;
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'skipped') skipped += 1;
        else failedHere += 1;
      }
      failed += failedHere === 0 && !module.ok() ? 1 : failedHere;
    }
    if (passed + failed === 0) process.exitCode = 1;
    process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  }
}
