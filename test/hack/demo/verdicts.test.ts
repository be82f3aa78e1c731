import { expect, test } from 'vitest';
import { EXPECTATIONS, type Expectation } from '../../../hack/demo/expectations.ts';
import type { Row } from '../../../hack/demo/table.ts';
import { createJudge } from '../../../hack/demo/verdicts.ts';

const asExpected = ({ name, state, reason, ready }: Expectation): Row => ({ name, state, reason, ready, tools: '' });
const closed: Expectation = { name: 'closed', state: 'Transient', reason: 'ConnectionRefused', ready: 'False' };
const good: Expectation = { name: 'good', state: 'Available', reason: 'Available', ready: 'True' };

test('an object is settled when state, reason and Ready are the expected ones', () => {
  expect(createJudge([closed]).look([asExpected(closed)])).toEqual({ settled: 1, total: 1, differences: [] });
});

test.each([
  [
    { state: 'Permanent' },
    'closed: should be Transient (Ready False, ConnectionRefused), is Permanent (Ready False, ConnectionRefused)',
  ],
  [
    { reason: 'HostNotFound' },
    'closed: should be Transient (Ready False, ConnectionRefused), is Transient (Ready False, HostNotFound)',
  ],
  [
    { ready: 'True' },
    'closed: should be Transient (Ready False, ConnectionRefused), is Transient (Ready True, ConnectionRefused)',
  ],
  [
    { state: '', ready: '', reason: '' },
    'closed: should be Transient (Ready False, ConnectionRefused), is without state (Ready not set, no reason)',
  ],
])('a difference names what should be and what is: %o', (other, text) => {
  expect(createJudge([closed]).look([{ ...asExpected(closed), ...other }]).differences).toEqual([{ name: 'closed', text }]);
});

test('an object that is not there is a difference', () => {
  const { differences } = createJudge([closed]).look([]);
  expect(differences.map(({ text }) => text)).toEqual([
    'closed: should be Transient (Ready False, ConnectionRefused), is not there',
  ]);
});

test('objects that nobody expects do not count', () => {
  const other = { ...asExpected(closed), name: 'my-own', state: 'Permanent' };
  expect(createJudge([closed]).look([asExpected(closed), other])).toEqual({ settled: 1, total: 1, differences: [] });
});

test('a state that must come first is remembered', () => {
  const slow: Expectation = { ...good, after: 'Transient' };
  expect(createJudge([slow]).look([asExpected(slow)]).differences).toMatchObject([{ text: 'good: was never seen Transient' }]);
  const judge = createJudge([slow]);
  judge.look([{ ...asExpected(slow), state: 'Transient', ready: 'False', reason: 'ServerUnavailable' }]);
  expect(judge.look([asExpected(slow)]).settled).toBe(1);
});

test('tools that must change are settled at the second number', () => {
  const drifting: Expectation = { ...good, toolsChange: true };
  const judge = createJudge([drifting]);
  const withTools = (tools: string) => judge.look([{ ...asExpected(drifting), tools }]).settled;
  expect([withTools(''), withTools('1'), withTools('1'), withTools('2'), withTools('1')]).toEqual([0, 0, 0, 1, 1]);
});

test('every object of the samples is expected once', () => {
  const names = EXPECTATIONS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
