import { describe, expect, it } from 'vitest';
import { assert, unreachable } from '../../src/platform/assert.ts';

describe('assert', () => {
  it('throws for a bug of ours and names it', () => {
    expect(() => assert(false, 'a key runs once')).toThrow('assertion failed: a key runs once');
    expect(() => assert(true, 'never told')).not.toThrow();
  });

  it('unreachable throws for a value that no case names', () => {
    expect(() => unreachable('surprise' as never)).toThrow('"surprise"');
  });
});
