import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../src/api/v1alpha1/status.ts';
import { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import { fitCapabilities, toCapabilities } from '../../src/probe/capabilities.ts';
import { createSanitizer } from '../../src/probe/sanitize.ts';
import type { ListKind } from '../../src/probe/snapshot.ts';
import { createSnapshot } from '../../src/probe/snapshot.ts';

const capturedAt = '2026-01-01T00:00:00Z';
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

function capabilitiesOf(
  counts: Partial<Record<ListKind, number>>,
  { nameOf = (index: number) => `item-${index}`, features = ['tools'] } = {},
): Capabilities {
  const itemsOf = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: nameOf(index), uri: 'u:1', uriTemplate: 'u:{a}', inputSchema: {} }));
  const lists = Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, itemsOf(count)]));
  const snapshot = createSnapshot({ features, ...lists }, createSanitizer([]));
  if (snapshot === undefined) throw new Error('too many items');
  return toCapabilities(snapshot, { capturedAt });
}

describe('toCapabilities', () => {
  it('C2: brings a snapshot into the form of the status, with short digests for items and full ones for the rest', () => {
    const snapshot = createSnapshot({ features: ['tools'], tools: [{ name: 'a', inputSchema: {} }, null] }, createSanitizer([]));
    if (snapshot?.tools === undefined) throw new Error('no tools');
    const capabilities = toCapabilities(snapshot, { capturedAt, previousDigest: 'sha256:0' });
    expect(capabilities).toEqual({
      digest: snapshot.digest,
      capturedAt,
      previousDigest: 'sha256:0',
      features: ['tools'],
      tools: {
        count: 1,
        invalid: 1,
        digest: snapshot.tools.digest,
        items: [{ name: 'a', digest: snapshot.tools.items[0]?.digest.slice(0, 16) }],
      },
    });
  });

  it('shows 128 items at most and counts all', () => {
    expect(capabilitiesOf({ tools: 128 }).tools).not.toHaveProperty('truncated');
    expect(capabilitiesOf({ tools: 129 }).tools).toMatchObject({ count: 129, truncated: true, items: { length: 128 } });
  });

  it('keeps an absent list absent and an empty one empty', () => {
    const capabilities = capabilitiesOf({ prompts: 0 });
    expect(capabilities).not.toHaveProperty('tools');
    expect(capabilities.prompts).toMatchObject({ count: 0, items: [] });
  });

  it('fits the schema of the status, whatever a server calls its items', () => {
    const capabilities = capabilitiesOf(
      { tools: 200, resources: 200, resourceTemplates: 1, prompts: 3 },
      {
        nameOf: (index) => `${index}${'🎉'.repeat(400)}`,
        features: Array.from({ length: 99 }, (_, index) => `${index}${'ä'.repeat(300)}`),
      },
    );
    expect(MCPServerStatus.parse({ capabilities }).capabilities).toEqual(capabilities);
  });
});

describe('fitCapabilities', () => {
  it('returns what fits as it is', () => {
    const capabilities = capabilitiesOf({ tools: 20 });
    expect(fitCapabilities(capabilities, bytesOf(capabilities))).toBe(capabilities);
  });

  it('drops from the end of the longest list, marks it, and keeps counts and digests', () => {
    const capabilities = capabilitiesOf({ tools: 100, prompts: 10 });
    const fitted = fitCapabilities(capabilities, bytesOf(capabilities) - 1);
    expect(fitted.prompts).toEqual(capabilities.prompts);
    expect(fitted.tools).toMatchObject({ count: 100, digest: capabilities.tools?.digest, truncated: true });
    expect(fitted.tools?.items).toEqual(capabilities.tools?.items.slice(0, 99));
  });

  it('levels several long lists', () => {
    const fitted = fitCapabilities(capabilitiesOf({ tools: 100, resources: 60, prompts: 5 }), 3_000);
    const [tools = 0, resources = 0, prompts] = [fitted.tools, fitted.resources, fitted.prompts].map(
      (list) => list?.items.length,
    );
    expect(Math.abs(tools - resources)).toBeLessThanOrEqual(1);
    expect(prompts).toBe(5);
  });

  it('does not touch its argument', () => {
    const capabilities = capabilitiesOf({ tools: 100 });
    const before = structuredClone(capabilities);
    fitCapabilities(capabilities, 1_000);
    expect(capabilities).toEqual(before);
  });

  it('drops features when no item is left, and ends when nothing is left', () => {
    const capabilities = capabilitiesOf(
      { tools: 3 },
      { features: Array.from({ length: 64 }, (_, index) => `${index}${'f'.repeat(100)}`) },
    );
    const fitted = fitCapabilities(capabilities, 1_000);
    expect(bytesOf(fitted)).toBeLessThanOrEqual(1_000);
    expect(fitted.tools?.items).toEqual([]);
    expect(fitCapabilities(capabilities, 0)).toMatchObject({ features: [], tools: { count: 3, items: [] } });
  });

  it('fits any budget from 1,000 bytes on, and drops no more than it must', () => {
    const count = fc.nat(140);
    const name = fc.constantFrom('plain', 'q"uo\\te', 'ünï', '🎉'.repeat(30));
    fc.assert(
      fc.property(
        fc.record({ tools: count, resources: count, prompts: count }),
        name,
        fc.integer({ min: 1_000, max: 40_000 }),
        (counts, text, maxBytes) => {
          const capabilities = capabilitiesOf(counts, { nameOf: (index) => `${text}${index}` });
          const fitted = fitCapabilities(capabilities, maxBytes);
          expect(bytesOf(fitted)).toBeLessThanOrEqual(maxBytes);
          // One item is at most 170 bytes here, and marking three lists takes 51.
          if (fitted !== capabilities) expect(bytesOf(fitted)).toBeGreaterThan(maxBytes - 230);
        },
      ),
      { numRuns: 50 },
    );
  });
});
