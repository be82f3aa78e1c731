import { describe, expect, it } from 'vitest';
import { systemRandom, uniform } from '../../src/platform/random.ts';
import { fixedRandom } from './fake-clock.ts';

describe('random', () => {
  it('uniform stays in its half-open range', () => {
    expect(uniform(fixedRandom(0), 5, 10)).toBe(5);
    expect(uniform(fixedRandom(0.5), 5, 10)).toBe(7.5);
    for (let i = 0; i < 1000; i++) expect(uniform(systemRandom, 5, 10)).toBeLessThan(10);
  });

  it('an identifier is 8 lower-case hex digits, and another each time', () => {
    const ids = new Set(Array.from({ length: 1000 }, () => systemRandom.id()));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}$/);
  });
});
