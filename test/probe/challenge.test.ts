import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenge } from '../../src/probe/challenge.ts';

describe('parseChallenge', () => {
  const vectors: [header: string | string[] | undefined, expected: ReturnType<typeof parseChallenge>][] = [
    [undefined, undefined],
    ['', undefined],
    [' , ,', undefined],
    ['Bearer', { bearer: true }],
    ['bearer realm="x"', { bearer: true }],
    ['Basic realm="x"', { bearer: false }],
    ['Bearer error="invalid_token"', { bearer: true, error: 'invalid_token' }],
    ['Bearer error=invalid_token', { bearer: true, error: 'invalid_token' }],
    ['Bearer error = "invalid_token"', { bearer: true, error: 'invalid_token' }],
    ['BEARER ERROR="Invalid_Token"', { bearer: true, error: 'invalid_token' }],
    ['Bearer error="invalid\\_token"', { bearer: true, error: 'invalid_token' }],
    ['Bearer realm="a, b\\" error=c", error="insufficient_scope", scope="x y"', { bearer: true, error: 'insufficient_scope' }],
    ['Bearer realm="a" error="invalid_token"', { bearer: true, error: 'invalid_token' }],
    ['Bearer error="invalid_request"', { bearer: true, error: 'invalid_request' }],
    ['Bearer error="use_dpop_nonce"', { bearer: true, error: 'other' }],
    ['Basic realm="x", Bearer error="insufficient_scope"', { bearer: true, error: 'insufficient_scope' }],
    ['Negotiate, Bearer realm="x", error="invalid_token"', { bearer: true, error: 'invalid_token' }],
    ['Negotiate YWJj==, Bearer error="invalid_token"', { bearer: true, error: 'invalid_token' }],
    ['Negotiate YWJj', { bearer: false }],
    [['Basic realm="x"', 'Bearer error="invalid_token"'], { bearer: true, error: 'invalid_token' }],
    ['DPoP algs="ES256", error="invalid_token"', { bearer: false, error: 'invalid_token' }],
    // A realm that speaks of an error, and a parameter whose name only ends in it, are no error.
    ['Bearer realm="error=invalid_token", my-error="invalid_token", error_description="invalid_token"', { bearer: true }],
    // What does not parse ends the reading; what was read before counts.
    ['Bearer error="invalid_token', { bearer: true }],
    ['Bearer error="invalid_token", realm="open', { bearer: true, error: 'invalid_token' }],
    ['"quoted"', undefined],
  ];

  for (const [header, expected] of vectors) {
    it(`reads ${JSON.stringify(header)} as ${JSON.stringify(expected)}`, () => {
      expect(parseChallenge(header)).toEqual(expected);
    });
  }

  it('looks at 8 KiB of a line and at eight lines', () => {
    const padding = (chars: number) => `Bearer realm="${'x'.repeat(chars)}"`;
    expect(parseChallenge(`${padding(8_000)}, error="invalid_token"`)).toEqual({ bearer: true, error: 'invalid_token' });
    expect(parseChallenge(`${padding(8_192)}, error="invalid_token"`)).toEqual({ bearer: true });
    expect(parseChallenge([...Array<string>(8).fill('Basic'), 'Bearer'])).toEqual({ bearer: false });
  });

  it('takes time in proportion to the header, whatever it holds', () => {
    for (const unit of ['a', 'a ', 'a=', 'a,', '"', '\\"', 'a="', ', ', ' \t', '=']) {
      const startMs = performance.now();
      parseChallenge(Array<string>(8).fill(`Bearer ${unit.repeat(8_192)}`));
      // About 5 ms; anything quadratic takes seconds.
      expect(performance.now() - startMs, unit).toBeLessThan(500);
    }
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('Bearer', 'error', '=', '"', '\\', ',', ' ', 'x', '\n', 'é') })),
        (lines) => void parseChallenge(lines),
      ),
    );
  });
});
