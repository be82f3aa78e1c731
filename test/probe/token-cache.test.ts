import { describe, expect, it } from 'vitest';
import { Credential } from '../../src/probe/credential.ts';
import { createLifeline } from '../../src/probe/lifeline.ts';
import { createTokenCache } from '../../src/probe/token-cache.ts';
import type { TokenIssued } from '../../src/probe/token-request.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

function site(maxBytes?: number) {
  const clock = createFakeClock();
  const cache = createTokenCache(clock, maxBytes);
  const lifeline = createLifeline(clock, 600_000);
  let asked = 0;
  const issue =
    (seconds?: number, text = `token-${asked + 1}`) =>
    async (): Promise<TokenIssued> => {
      asked += 1;
      const expiresAtMs = seconds === undefined ? undefined : clock.monotonicMs() + seconds * 1000;
      return { kind: 'issued', token: new Credential(text), expiresAtMs };
    };
  const obtain = async (key: string, request = issue(3600), life = lifeline) => {
    const obtained = await cache.obtain(key, life, request);
    return obtained.kind === 'obtained' ? obtained.token.reveal() : obtained;
  };
  return { clock, cache, lifeline, issue, obtain, asked: () => asked };
}

describe('a token', () => {
  it('is kept until 30 s before it expires', async () => {
    const { clock, issue, obtain, asked } = site();
    await obtain('k', issue(100));
    await clock.advance(69_999);
    expect(await obtain('k', issue(100))).toBe('token-1');
    await clock.advance(1);
    expect(await obtain('k', issue(100))).toBe('token-2');
    expect(asked()).toBe(2);
  });

  it('of unknown lifetime is kept for a minute', async () => {
    const { clock, issue, obtain } = site();
    await obtain('k', issue());
    await clock.advance(59_999);
    expect(await obtain('k', issue())).toBe('token-1');
    await clock.advance(1);
    expect(await obtain('k', issue())).toBe('token-2');
  });

  it('that lasts 30 s or less is used once and not kept', async () => {
    const { issue, obtain, cache } = site();
    expect(await obtain('k', issue(30))).toBe('token-1');
    expect(await obtain('k', issue(0))).toBe('token-2');
    expect(cache.size()).toEqual({ tokens: 0, bytes: 0 });
  });

  it('that a server refused is forgotten, but not the newer one that somebody else got', async () => {
    const { cache, obtain } = site();
    await obtain('k');
    cache.drop('k', new Credential('token-0'));
    expect(await obtain('k')).toBe('token-1');
    cache.drop('k', new Credential('token-1'));
    expect(await obtain('k')).toBe('token-2');
    cache.drop('gone', new Credential('token-1'));
  });
});

describe('the bound', () => {
  it('drops the token that was not used for longest', async () => {
    const { cache, issue, obtain } = site(3 * (384 + 2 * 100));
    const text = (name: string) => name.padEnd(100, '.');
    for (const name of ['a', 'b', 'c']) await obtain(name, issue(3600, text(name)));
    expect(cache.size()).toEqual({ tokens: 3, bytes: 3 * 584 });
    await obtain('a');
    await obtain('d', issue(3600, text('d')));
    expect(cache.size().tokens).toBe(3);
    expect(await obtain('b', issue(3600, 'again'))).toBe('again');
    expect(await obtain('a', issue(3600, 'again'))).toBe(text('a'));
  });

  it('holds for a key that gets one token after the other, and a token beyond it is not kept', async () => {
    const { cache, clock, issue, obtain } = site(2000);
    for (let turn = 0; turn < 50; turn += 1) {
      await obtain('k', issue(40, 'x'.repeat(100)));
      await clock.advance(10_000);
    }
    expect(cache.size()).toEqual({ tokens: 1, bytes: 584 });
    await obtain('huge', issue(3600, 'x'.repeat(12_000)));
    expect(cache.size()).toEqual({ tokens: 0, bytes: 0 });
  });

  it('tokens that expired leave even when nobody asks for them', async () => {
    const { cache, clock, issue, obtain } = site();
    for (const name of ['a', 'b']) await obtain(name, issue(100));
    await clock.advance(80_000);
    await obtain('c', issue(100));
    expect(cache.size().tokens).toBe(1);
  });
});

describe('requests for one key', () => {
  it('run one at a time, and all who wait get the token; other keys do not wait', async () => {
    const { issue, obtain, asked } = site();
    const gate = Promise.withResolvers<void>();
    const slow = async () => {
      await gate.promise;
      return issue(100)();
    };
    const waiting = Array.from({ length: 5 }, () => obtain('k', slow));
    expect(await obtain('other', issue(100, 'other'))).toBe('other');
    gate.resolve();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['token-2']));
    expect(asked()).toBe(2);
  });

  it('share a refusal, which is not kept', async () => {
    const { issue, obtain } = site();
    const refusal: TokenIssued = {
      kind: 'refused',
      fact: { kind: 'authorizationServer', stage: 'credentials', problem: 'misconfigured' },
    };
    const first = Promise.all([obtain('k', async () => refusal), obtain('k', issue(100))]);
    expect(await first).toEqual([refusal, refusal]);
    expect(await obtain('k', issue(100))).toBe('token-1');
  });

  const own: [string, TokenIssued][] = [
    ['was aborted', { kind: 'aborted' }],
    ['learned nothing', { kind: 'unavailable' }],
    [
      'ran out of its time',
      { kind: 'refused', fact: { kind: 'authorizationServer', stage: 'credentials', problem: 'unavailable', timedOut: true } },
    ],
  ];
  it.each(own)('do not share the end of one that %s: the next one asks', async (_name, end) => {
    const { issue, obtain } = site();
    expect(await Promise.all([obtain('k', async () => end), obtain('k'), obtain('k', issue(100))])).toEqual([
      end,
      'token-1',
      'token-1',
    ]);
  });

  it('wait for somebody else’s no longer than their own probe lasts', async () => {
    const { clock, obtain } = site();
    const never = new Promise<TokenIssued>(() => {});
    void obtain('k', () => never);
    const short = createLifeline(clock, 1000);
    const controller = new AbortController();
    const aborted = obtain('k', () => never, createLifeline(clock, 600_000, controller.signal));
    const waiting = obtain('k', () => never, short);
    await clock.advance(1000);
    expect(await waiting).toMatchObject({ kind: 'refused', fact: { problem: 'unavailable', timedOut: true } });
    controller.abort();
    expect(await aborted).toEqual({ kind: 'aborted' });
  });

  it('a bug in one is thrown to all who wait, and leaves nothing behind', async () => {
    const { obtain, issue } = site();
    const broken = async (): Promise<TokenIssued> => {
      throw new Error('bug');
    };
    const both = await Promise.allSettled([obtain('k', broken), obtain('k', issue(100))]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await obtain('k', issue(100))).toBe('token-1');
  });
});
