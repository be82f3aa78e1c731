/**
 * The findings of `doctor` for people and for scripts. Pure.
 */
import { CHECKS, type CheckResult, DOCUMENT, type Finding } from './check.ts';

const MARKS: Readonly<Record<Finding['kind'], { readonly mark: string; readonly color: number }>> = {
  passed: { mark: '✓', color: 32 },
  failed: { mark: '✗', color: 31 },
  warning: { mark: '!', color: 33 },
  skipped: { mark: '-', color: 2 },
};

const WIDTH = Math.max(...Object.values(CHECKS).map(({ title }) => title.length)) + 2;

/** Where a finding is explained; what is well needs no explanation. */
function linkOf({ check, finding }: CheckResult): string | undefined {
  return finding.kind === 'failed' || finding.kind === 'warning' ? `${DOCUMENT}#${CHECKS[check].anchor}` : undefined;
}

/** Whether nothing failed. */
export function isHealthy(results: readonly CheckResult[]): boolean {
  return results.every(({ finding }) => finding.kind !== 'failed');
}

/** One line for each check, two more for each that needs somebody. */
export function renderTable(results: readonly CheckResult[], { color }: { readonly color: boolean }): string {
  const lines = results.flatMap((result) => {
    const { check, finding } = result;
    const { mark, color: code } = MARKS[finding.kind];
    const shown = color ? `\u001b[${code}m${mark}\u001b[0m` : mark;
    const indent = ' '.repeat(WIDTH + 2);
    const more = 'remedy' in finding ? [indent + finding.remedy, `${indent}See ${linkOf(result)}`] : [];
    return [`${shown} ${CHECKS[check].title.padEnd(WIDTH)}${finding.message}`, ...more];
  });
  return `${lines.join('\n')}\n`;
}

/** `{healthy, checks: [{check, result, message, remedy?, link?}]}`. */
export function renderJSON(results: readonly CheckResult[]): string {
  const checks = results.map((result) => {
    const { kind, ...finding } = result.finding;
    const link = linkOf(result);
    return { check: result.check, result: kind, ...finding, ...(link !== undefined && { link }) };
  });
  return `${JSON.stringify({ healthy: isHealthy(results), checks }, undefined, 2)}\n`;
}
