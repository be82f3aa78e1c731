import { expect, it } from 'vitest';
import { tokenize } from '../../../hack/pictures/promql-tokens.ts';

it('words, durations, numbers, strings and signs are told apart', () => {
  expect(tokenize(' sum(rate(a:b_c{x!="1 \\" }",y=~"z"}[1h30m])) >= 0.5 ').map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'word sum',
    'sign (',
    'word rate',
    'sign (',
    'word a:b_c',
    'sign {',
    'word x',
    'sign !=',
    'string 1 \\" }',
    'sign ,',
    'word y',
    'sign =~',
    'string z',
    'sign }',
    'sign [',
    'duration 1h30m',
    'sign ]',
    'sign )',
    'sign )',
    'sign >=',
    'number 0.5',
  ]);
});
