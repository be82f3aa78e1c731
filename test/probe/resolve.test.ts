import { expect, it } from 'vitest';
import { createSystemResolver } from '../../src/probe/resolve.ts';
import { createTestbed, reasonOf } from './testbed.ts';

it('a name of the hosts file is resolved', async () => {
  const resolution = await createSystemResolver()('localhost');
  expect(
    resolution.kind === 'resolved' && resolution.addresses.some(({ address }) => ['127.0.0.1', '::1'].includes(address)),
  ).toBe(true);
});

it('look-ups of one name join while one is under way, and nothing is kept afterwards', async () => {
  const resolve = createSystemResolver();
  const first = resolve('localhost');
  expect(resolve('localhost')).toBe(first);
  await first;
  const later = resolve('localhost');
  expect(later).not.toBe(first);
  await later;
});

it('a name that can not be looked up is a value with a code', async () => {
  expect(await createSystemResolver()('a..b')).toMatchObject({ kind: 'failed', errorCode: expect.stringMatching(/^E/) });
});

it.each([
  ['ENOTFOUND', 'HostNotFound', 1],
  ['EAI_AGAIN', 'DNSLookupFailed', 3],
])('%s becomes %s', async (errorCode, reason, attempts) => {
  const bed = createTestbed({ resolve: async () => ({ kind: 'failed', errorCode }) });
  const report = await bed.probe({ url: 'http://nowhere.example/mcp' });
  expect([reasonOf(report), report.attempts]).toEqual([reason, attempts]);
});

it('a look-up that hangs ends with the request’s time, and an abort does not wait for it', async () => {
  const bed = createTestbed({ resolve: () => new Promise(() => {}) });
  const spec = { url: 'http://slow.example/mcp', probe: { timeoutSeconds: 1 }, retry: { attempts: 1 } };
  const report = await bed.probe(spec);
  expect(report.verdict).toMatchObject({ reason: 'DNSLookupFailed', stage: 'resolve' });
  expect(report.durationMs).toBeLessThan(1500);
  const controller = new AbortController();
  const running = bed.probe(spec, {}, controller.signal);
  controller.abort();
  expect((await running).outcome.kind).toBe('aborted');
});
