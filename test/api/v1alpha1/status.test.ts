import { expect, it } from 'vitest';
import { MAX_LISTED_ITEMS, MCPServerStatus } from '../../../src/api/v1alpha1/status.ts';

const list = (length: number) => ({
  tools: { count: length, invalid: 0, digest: '', items: Array.from({ length }, () => ({ name: '', digest: '' })) },
  digest: '',
  capturedAt: '2026-11-22T05:00:00Z',
  features: [],
});

it('a new object is Pending and not yet probed', () => {
  expect(MCPServerStatus.parse({})).toEqual({ observedGeneration: -1, state: 'Pending' });
});

it('a list shows at most 128 items', () => {
  expect(MCPServerStatus.safeParse({ capabilities: list(MAX_LISTED_ITEMS) }).success).toBe(true);
  expect(MCPServerStatus.safeParse({ capabilities: list(MAX_LISTED_ITEMS + 1) }).success).toBe(false);
});

it('an absent list is not an empty one', () => {
  const { tools: _, ...none } = list(0);
  expect(MCPServerStatus.parse({ capabilities: none }).capabilities?.tools).toBeUndefined();
  expect(MCPServerStatus.parse({ capabilities: list(0) }).capabilities?.tools?.count).toBe(0);
});
