import type { LookupAllOptions, lookup } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { createSystemResolver, type Resolution } from '../../src/probe/resolve.ts';
import { createFakeClock } from '../platform/fake-clock.ts';
import { createTestbed, reasonOf } from './testbed.ts';

type Callback = (error: NodeJS.ErrnoException | null, addresses: { address: string; family: number }[]) => void;

/** A resolver over look-ups that end when the test says so. */
function scripted(maxInFlight = 8) {
  const pending = new Map<string, Callback>();
  const begun: string[] = [];
  const clock = createFakeClock();
  const ask = (host: string, _options: LookupAllOptions, callback: Callback) => {
    begun.push(host);
    pending.set(host, callback);
  };
  const resolve = createSystemResolver(clock, { lookup: ask as typeof lookup, maxInFlight });
  const answer = (host: string, error: NodeJS.ErrnoException | null = null) =>
    pending.get(host)?.(error, [{ address: '127.0.0.1', family: 4 }]);
  return { resolve, answer, begun, clock };
}
const ANSWER: Resolution = { kind: 'resolved', addresses: [{ address: '127.0.0.1', family: 4 }] };
const system = () => createSystemResolver(createFakeClock());

describe('the system’s resolver', () => {
  it('resolves a name of the hosts file', async () => {
    const resolution = await system()('localhost');
    expect(
      resolution.kind === 'resolved' && resolution.addresses.some(({ address }) => ['127.0.0.1', '::1'].includes(address)),
    ).toBe(true);
  });

  it.each(['a..b', 'x'.repeat(64), 'a\u0000b'])('says with a code that %j can not be looked up', async (host) => {
    expect(await system()(host)).toMatchObject({ kind: 'failed', errorCode: expect.stringMatching(/^E/) });
  });
});

describe('look-ups', () => {
  it('of one name join the one under way, and nothing is kept afterwards', async () => {
    const { resolve, answer, begun } = scripted();
    const both = Promise.all([resolve('a.example'), resolve('a.example')]);
    expect(begun).toEqual(['a.example']);
    answer('a.example');
    expect(await both).toEqual([ANSWER, ANSWER]);
    void resolve('a.example');
    expect(begun.length).toBe(2);
  });

  it('that hang are not begun a second time, even when nobody waits for them any more', async () => {
    const { resolve, answer, begun } = scripted();
    const patience = new AbortController();
    void resolve('hangs.example', patience.signal);
    patience.abort();
    const later = resolve('hangs.example');
    expect(begun).toEqual(['hangs.example']);
    answer('hangs.example');
    expect(await later).toEqual(ANSWER);
  });

  it('wait while there are places for no more, and begin in turn', async () => {
    const { resolve, answer, begun } = scripted(1);
    const first = resolve('a.example');
    const second = resolve('b.example');
    expect(begun).toEqual(['a.example']);
    answer('a.example');
    await first;
    expect(begun).toEqual(['a.example', 'b.example']);
    answer('b.example');
    expect(await second).toEqual(ANSWER);
  });

  it('that everybody gave up before their turn are never begun, and nothing was learned', async () => {
    const { resolve, answer, begun } = scripted(1);
    const first = resolve('a.example');
    const patience = [new AbortController(), new AbortController()];
    const waiting = patience.map(({ signal }) => resolve('b.example', signal));
    for (const each of patience) each.abort();
    expect(await Promise.all(waiting)).toEqual([{ kind: 'crowded' }, { kind: 'crowded' }]);
    answer('a.example');
    await first;
    expect(begun).toEqual(['a.example']);
    expect(await resolve('c.example', AbortSignal.abort())).toEqual({ kind: 'crowded' });
    expect(begun).toEqual(['a.example']);
  });

  it('that one of two gave up still begin for the other', async () => {
    const { resolve, answer } = scripted(1);
    const first = resolve('a.example');
    const patience = new AbortController();
    const left = resolve('b.example', patience.signal);
    const stays = resolve('b.example');
    patience.abort();
    expect(await left).toEqual({ kind: 'crowded' });
    answer('a.example');
    await first;
    answer('b.example');
    expect(await stays).toEqual(ANSWER);
  });

  it('of names that hung leave the other places alone, by the clock', async () => {
    const { resolve, answer, begun, clock } = scripted(4);
    const hung = ['h1.example', 'h2.example', 'h3.example'];
    const first = Promise.all(hung.map((host) => resolve(host)));
    await clock.advance(1_001);
    for (const host of hung) answer(host);
    await first;
    begun.length = 0;
    for (const host of hung) void resolve(host);
    expect(begun).toEqual(['h1.example']);
  });
});

describe('a probe', () => {
  it.each([
    ['ENOTFOUND', 'HostNotFound', 1],
    ['EAI_AGAIN', 'DNSLookupFailed', 3],
    ['EMFILE', 'undecided', 1],
    ['EAI_MEMORY', 'undecided', 1],
  ])('of a name whose look-up says %s is %s', async (errorCode, reason, attempts) => {
    const bed = createTestbed({ resolve: async () => ({ kind: 'failed', errorCode }) });
    const report = await bed.probe({ url: 'http://nowhere.example/mcp' });
    expect([reasonOf(report), report.attempts]).toEqual([reason, attempts]);
  });

  it('whose look-up hangs ends with the request’s time, and an abort does not wait for it', async () => {
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

  it('that found no place for its look-up learned nothing, by its own time and by the whole probe’s', async () => {
    const { resolve, begun } = scripted(1);
    const bed = createTestbed({ resolve });
    void resolve('hangs.example');
    const spec = { url: 'http://waits.example/mcp', retry: { attempts: 1 } };
    const probes = [
      { timeoutSeconds: 1, deadlineSeconds: 5 },
      { timeoutSeconds: 5, deadlineSeconds: 1 },
    ].map((probe) => bed.probe({ ...spec, probe }));
    expect((await Promise.all(probes)).map(reasonOf)).toEqual(['undecided', 'undecided']);
    expect(begun).toEqual(['hangs.example']);
  });
});
