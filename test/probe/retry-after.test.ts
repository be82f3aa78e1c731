import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS, MIN_RETRY_AFTER_MS, parseRetryAfter } from '../../src/probe/retry-after.ts';

const NOW_MS = Date.parse('1994-11-06T08:49:00Z');

describe('parseRetryAfter', () => {
  it('reads seconds, clamped to 1 s … 1 h', () => {
    expect(['1', '2', ' 120 ', '3600'].map((value) => parseRetryAfter(value, NOW_MS))).toEqual([
      1_000, 2_000, 120_000, 3_600_000,
    ]);
    expect(['0', '00', '3601', '9'.repeat(60)].map((value) => parseRetryAfter(value, NOW_MS))).toEqual([
      1_000, 1_000, 3_600_000, 3_600_000,
    ]);
  });

  it('reads the three forms of an HTTP date', () => {
    for (const value of ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']) {
      expect(parseRetryAfter(value, NOW_MS)).toBe(37_000);
    }
  });

  it('clamps a date that is past or far', () => {
    expect(parseRetryAfter('Sun, 06 Nov 1994 08:48:00 GMT', NOW_MS)).toBe(1_000);
    expect(parseRetryAfter('Sun, 06 Nov 2094 08:48:00 GMT', NOW_MS)).toBe(3_600_000);
  });

  it('takes a two-digit year that looks more than 50 years away for a past one', () => {
    const nowMs = Date.parse('2026-11-06T08:49:00Z');
    expect(parseRetryAfter('Friday, 06-Nov-26 08:49:30 GMT', nowMs)).toBe(30_000);
    expect(parseRetryAfter('Sunday, 06-Nov-94 08:49:37 GMT', nowMs)).toBe(1_000);
  });

  it('counts a leap second as the next minute', () => {
    expect(parseRetryAfter('Sun, 06 Nov 1994 08:49:60 GMT', NOW_MS)).toBe(60_000);
  });

  it('ignores everything else', () => {
    const values = [
      undefined,
      '',
      '-1',
      '1.5',
      '1e3',
      '0x10',
      '5, 10',
      '10s',
      'soon',
      '٣',
      'Sun, 06 Nov 1994 08:49:37',
      'Sun, 06 Nov 1994 08:49:37 CET',
      'Sun, 31 Feb 1994 08:49:37 GMT',
      'Sun, 06 Foo 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 24:00:00 GMT',
      'Sun, 06 Nov 1994 08:60:00 GMT',
      '1994-11-06T08:49:37Z',
      '1'.repeat(65),
    ];
    for (const value of values) expect(parseRetryAfter(value, NOW_MS), String(value)).toBeUndefined();
  });

  it('is always undefined or within its bounds', () => {
    const date = fc.date({ noInvalidDate: true }).map((value) => value.toUTCString());
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.nat().map(String), date), fc.integer({ min: 0, max: 4e12 }), (value, wallMs) => {
        const delayMs = parseRetryAfter(value, wallMs);
        return delayMs === undefined || (delayMs >= MIN_RETRY_AFTER_MS && delayMs <= MAX_RETRY_AFTER_MS);
      }),
    );
  });
});
