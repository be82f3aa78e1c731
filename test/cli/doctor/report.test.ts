import { expect, test } from 'vitest';
import { type CheckResult, failed, passed, skipped, warning } from '../../../src/cli/doctor/check.ts';
import { isHealthy, renderJSON, renderTable } from '../../../src/cli/doctor/report.ts';

const RESULTS: readonly CheckResult[] = [
  { check: 'apiServer', finding: passed('it answers') },
  { check: 'crd', finding: failed('it is away', 'Bring it back.') },
  { check: 'otherOperators', finding: warning('there are two', 'Say which.') },
  { check: 'lease', finding: skipped('not looked at') },
];

test('for people: a mark, what it is about, and for what needs somebody a remedy and a link', () => {
  expect(renderTable(RESULTS, { color: false })).toBe(`\
✓ API server          it answers
✗ CRD                 it is away
                      Bring it back.
                      See docs/troubleshooting.md#the-crd-is-missing
! other operators     there are two
                      Say which.
                      See docs/troubleshooting.md#another-operator-has-mcpservers-too
- leader              not looked at
`);
  expect(renderTable(RESULTS, { color: true })).toContain('\u001b[31m✗\u001b[0m CRD');
});

test('for scripts: one object', () => {
  expect(JSON.parse(renderJSON(RESULTS))).toEqual({
    healthy: false,
    checks: [
      { check: 'apiServer', result: 'passed', message: 'it answers' },
      {
        check: 'crd',
        result: 'failed',
        message: 'it is away',
        remedy: 'Bring it back.',
        link: 'docs/troubleshooting.md#the-crd-is-missing',
      },
      expect.objectContaining({ check: 'otherOperators', result: 'warning', remedy: 'Say which.' }),
      { check: 'lease', result: 'skipped', message: 'not looked at' },
    ],
  });
});

test('a warning and what was not looked at are no failure', () => {
  expect(isHealthy(RESULTS)).toBe(false);
  expect(isHealthy(RESULTS.filter(({ check }) => check !== 'crd'))).toBe(true);
});
