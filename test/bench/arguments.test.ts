import { expect, test } from 'vitest';
import { DEFAULTS, readArguments, usage } from './arguments.ts';

const read = (...argv: string[]) => readArguments(argv, ['cold-start', 'soak']);

test('a scenario alone takes the defaults', () => {
  expect(read('cold-start')).toEqual({ kind: 'run', scenario: 'cold-start', options: DEFAULTS });
});

test('every flag reaches its option', () => {
  const numbers = 'soak --n 10 --runs=2 --idle 0 --failing 0 --window 5 --edits 7 --down 8 --period 12 --minutes 3 --seed 4';
  const argv = `${numbers} --json a.json --report-only --bundle b.js --profile p`;
  expect(read(...argv.split(' '))).toEqual({
    kind: 'run',
    scenario: 'soak',
    options: {
      n: 10,
      runs: 2,
      idleSeconds: 0,
      failing: 0,
      windowSeconds: 5,
      edits: 7,
      downSeconds: 8,
      periodSeconds: 12,
      minutes: 3,
      seed: 4,
      json: 'a.json',
      reportOnly: true,
      bundle: 'b.js',
      profile: 'p',
    },
  });
});

test.each([[[]], [['-h']], [['cold-start', '--n', 'x', '--help']]])('%j asks for help', (argv) => {
  expect(read(...argv)).toEqual({ kind: 'help' });
});

test.each([
  [['cold-start', '--nn', '3'], '--nn'],
  [['cold-start', '--n', 'many'], "--n wants a whole number from 1 to 20000, not 'many'"],
  [['cold-start', '--n', '20001'], '20001'],
  [['cold-start', '--runs', '0'], '--runs'],
  [['cold-start', '--window', '4'], '--window'],
  [['cold-start', '--idle=1.5'], '--idle'],
  [['cold-start', '--edits', '0'], '--edits'],
  [['cold-start', '--down', '4'], '--down'],
  [['cold-start', '--period', '9'], '--period'],
  [['soak', '--minutes', '0'], '--minutes'],
  [['warm-start'], "no scenario 'warm-start'; there is cold-start, soak"],
  [['cold-start', 'soak'], "'soak'"],
  [['--n', '3'], 'which scenario?'],
])('%j is refused in one line', (argv, words) => {
  const result = read(...argv);
  expect(result.kind).toBe('invalid');
  const message = result.kind === 'invalid' ? result.message : '';
  expect(message).toContain(words);
  expect(message).toMatch(/^bench: .*\(see npm run bench -- --help\)$/);
});

test('the usage lists every scenario and every flag', () => {
  const text = usage([
    { name: 'cold-start', summary: 'how fast' },
    { name: 'soak', summary: 'how long' },
  ]);
  expect(text).toContain('\n  cold-start  how fast\n  soak        how long\n');
  for (const flag of ['n', 'runs', 'idle', 'failing', 'window', 'json', 'report-only', 'bundle', 'profile', 'help']) {
    expect(text).toMatch(new RegExp(`  (?:-h, )?--${flag} `));
  }
});
