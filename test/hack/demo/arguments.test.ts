import { expect, test } from 'vitest';
import { readArguments } from '../../../hack/demo/arguments.ts';

test('without arguments the demo stays up', () => {
  expect(readArguments([])).toEqual({ kind: 'run', once: false });
});

test('--once ends it', () => {
  expect(readArguments(['--once'])).toEqual({ kind: 'run', once: true });
});

test('--help wins over everything else', () => {
  expect(readArguments(['--once', '-h'])).toEqual({ kind: 'help' });
});

test.each([['--onse'], ['-x'], ['once'], ['--once=yes']])('%s is refused in one line that names it', (argument) => {
  const read = readArguments([argument]);
  expect(read.kind).toBe('invalid');
  const message = read.kind === 'invalid' ? read.message : '';
  expect(message).toContain(argument.replace('=yes', ''));
  expect(message).toContain('--help');
  expect(message).not.toContain('\n');
});
