import { expect, test } from 'vitest';
import { anchorOfHeading, cell, code, link, page, table } from '../../../hack/docs/markdown.ts';

test('what would break a table does not', () => {
  expect(
    table(
      ['A', 'B'],
      [
        [cell('a|b\n c'), code('x|y')],
        [cell('<b>'), code('')],
      ],
    ),
  ).toBe('| A | B |\n| --- | --- |\n| a\\|b c | `x\\|y` |\n| &lt;b> | – |');
});

test('anchors are those that renderers make', () => {
  expect(anchorOfHeading('TLSHandshakeFailed')).toBe('tlshandshakefailed');
  expect(anchorOfHeading('spec.headers[].valueFrom')).toBe('specheadersvaluefrom');
  expect(anchorOfHeading('The API server can not be reached')).toBe('the-api-server-can-not-be-reached');
  expect(link('objects', 'spec.headers[]')).toBe('[objects](#specheaders)');
});

test('a page has an empty line between two blocks and one line break at its end', () => {
  expect(page(['a', 'b'])).toBe('a\n\nb\n');
});
