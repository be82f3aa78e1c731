import { expect, test } from 'vitest';
import { choosePaint, coloured, cut, formatSeconds, plain } from '../../../hack/demo/style.ts';

test.each([
  [true, {}, coloured],
  [false, {}, plain],
  [true, { NO_COLOR: '1' }, plain],
  [true, { NO_COLOR: '' }, coloured],
  [true, { TERM: 'dumb' }, plain],
])('on a terminal (%s) with %o the right paint is chosen', (isTerminal, env, paint) => {
  expect(choosePaint(isTerminal, env)).toBe(paint);
});

test('colour is taken off again after the text', () => {
  expect(coloured('good', 'Available')).toBe('\x1b[32mAvailable\x1b[0m');
  expect(coloured('good', '')).toBe('');
});

test.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['abcd', 1, '…'],
])('%s in %i columns is %s', (text, width, result) => {
  expect(cut(text, width)).toBe(result);
});

test.each([
  [0, '0.0 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [59_400, '59 s'],
  [119_400, '119 s'],
  [120_000, '2 min 0 s'],
  [205_000, '3 min 25 s'],
])('%i ms read %s', (ms, text) => {
  expect(formatSeconds(ms)).toBe(text);
});
