import { expect, test } from 'vitest';
import { list, text, toggle } from '../../src/platform/flag-kinds.ts';
import { parseFlags } from '../../src/platform/flags.ts';

const FLAGS = {
  file: list({
    short: 'f',
    placeholder: 'FILE',
    help: '',
    item: 'files',
    isItem: (name) => name !== '',
    maxItems: 9,
    repeatable: true,
  }),
  name: text({ placeholder: 'NAME', help: '', hidden: true, pattern: /^[a-z]+$/, expected: 'letters' }),
  loud: toggle({ fallback: false, help: '' }),
} as const;

const parse = (...args: string[]) => parseFlags(FLAGS, { args, maxArguments: 1 });

test('long, short and inline forms mean the same, and words may stand anywhere', () => {
  for (const args of [
    ['-f', 'a', 'word', '--loud'],
    ['word', '--file=a', '--loud=true'],
    ['--loud', '--file', 'a', '--', 'word'],
  ]) {
    expect(parse(...args)).toMatchObject({
      values: { file: ['a'], loud: true, name: undefined },
      arguments: ['word'],
      faults: [],
    });
  }
});

test('a repeatable flag adds up', () => {
  expect(parse('-f', 'a', '-f', 'b,c').values.file).toEqual(['a', 'b', 'c']);
});

test('a single dash stands for standard input and is a value', () => {
  expect(parse('-f', '-')).toMatchObject({ values: { file: ['-'] }, faults: [] });
});

test('what may hold a secret is not repeated: hidden values, what follows an unknown flag, user info and query of a URL', () => {
  const { faults } = parse(
    '--name',
    'CANARY-1',
    '--token',
    'CANARY-2',
    'https://a',
    'https://u:CANARY-3@h/p?k=CANARY-4#CANARY-5',
    '-x',
    'CANARY-6',
  );
  expect(faults).toEqual([
    'unknown flag --token',
    'unknown flag -x',
    'unexpected argument "https://h/p"',
    '--name: expected letters',
  ]);
});

test('names of Object.prototype are unknown flags like others', () => {
  expect(parse('--constructor', '--__proto__', '--toString').faults).toHaveLength(3);
});

test('which flags were given is told', () => {
  expect([...parse('--loud').given]).toEqual(['loud']);
});
