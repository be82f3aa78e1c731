import { afterEach, describe, expect, it } from 'vitest';
import { runAttempts } from '../../src/probe/attempts.ts';
import { createLifeline } from '../../src/probe/lifeline.ts';
import type { Outcome } from '../../src/probe/outcome.ts';
import { createFakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { modern, respond } from './behaviours.ts';
import { closedPort } from './scripted-server.ts';
import { createTestbed, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

/** Context of a failure that nothing depends on. */
const bare = { credentialsDeclared: false, credentialsSent: false, sessionSent: false };
const timedOut: Outcome = { kind: 'failed', failure: { ...bare, kind: 'deadline', stage: 'http', scope: 'request' } };
const failed = (httpStatus: number, more = {}): Outcome => ({
  kind: 'failed',
  failure: { ...bare, kind: 'httpStatus', stage: 'http', httpStatus, mark: 'none', ...more },
});
const succeeded: Outcome = {
  kind: 'succeeded',
  finding: {
    url: 'http://a/mcp',
    transport: 'StreamableHTTP',
    era: 'Modern',
    protocolVersion: '2026-07-28',
    negotiated: true,
    server: { name: '', version: '' },
    snapshot: { digest: '', features: [] },
    missingTools: [],
  },
};

interface Run {
  readonly outcomes: Outcome[];
  readonly chance?: number;
  readonly attempts?: number;
  readonly isRetry?: boolean;
  readonly renew?: () => Promise<boolean>;
}

/** Runs scripted outcomes on a fake clock; `atMs` tells when each attempt began. */
async function run({ outcomes, chance = 0, attempts = 3, isRetry = false, renew = async () => false }: Run) {
  const clock = createFakeClock();
  const lifeline = createLifeline(clock, 600_000);
  const atMs: number[] = [];
  const armed: number[] = [];
  const running = runAttempts(
    {
      lifeline,
      random: fixedRandom(chance),
      visit: async (attempt) => {
        atMs.push(clock.monotonicMs());
        armed.push(clock.armed());
        return outcomes[attempt - 1] ?? succeeded;
      },
      renew,
    },
    attempts,
    isRetry,
  );
  await clock.advance(20_000);
  const report = await running;
  lifeline.close();
  return { ...report, atMs, armed, left: clock.armed() };
}

describe('A2: attempts inside a probe', () => {
  it('A2: a time-out and then success are 2 attempts and Available', async () => {
    expect(await run({ outcomes: [timedOut, succeeded] })).toMatchObject({ attempts: 2, verdict: { kind: 'available' } });
  });

  it('A2: success is 1 attempt, and no timer but the probe’s own deadline is armed', async () => {
    expect(await run({ outcomes: [succeeded] })).toMatchObject({ attempts: 1, armed: [1], left: 0 });
  });

  it('A2: 403 is 1 attempt and Denied', async () => {
    expect(await run({ outcomes: [failed(403)] })).toMatchObject({ attempts: 1, verdict: { class: 'Denied' } });
  });

  it('A2: always timing out is 3 attempts and Transient', async () => {
    expect(await run({ outcomes: [timedOut, timedOut, timedOut] })).toMatchObject({
      attempts: 3,
      verdict: { class: 'Transient' },
    });
  });

  it('A2: waits are 250 and 500 ms without chance, and below 500 and 750 ms with all of it', async () => {
    expect((await run({ outcomes: [timedOut, timedOut, timedOut] })).atMs).toEqual([0, 250, 750]);
    const most = await run({ outcomes: [timedOut, timedOut, timedOut], chance: 0.999999 });
    expect(most.atMs[1]).toBeGreaterThan(499);
    expect(most.atMs[2]).toBeGreaterThan(1249);
    expect(most.atMs[2]).toBeLessThan(1250);
  });

  it('A2: a transient fact that no second try heals at once is tried once: Retry-After, 429', async () => {
    expect((await run({ outcomes: [failed(429)] })).attempts).toBe(1);
    expect((await run({ outcomes: [failed(503, { retryAfterMs: 2_000 })] })).attempts).toBe(1);
    expect((await run({ outcomes: [failed(503), failed(503)] })).attempts).toBe(3);
  });

  it('the last outcome counts', async () => {
    expect(await run({ outcomes: [timedOut, failed(404)] })).toMatchObject({
      attempts: 2,
      verdict: { reason: 'EndpointNotFound' },
    });
  });

  it('`attempts: 1` never tries again', async () => {
    expect((await run({ outcomes: [timedOut], attempts: 1 })).attempts).toBe(1);
  });

  it('in a retry a time-out is not tried again, and another burst reason is', async () => {
    expect((await run({ outcomes: [timedOut], isRetry: true })).attempts).toBe(1);
    expect((await run({ outcomes: [failed(500), failed(500), failed(500)], isRetry: true })).attempts).toBe(3);
  });
});

describe('E2: renewal after 401', () => {
  const unauthorized = failed(401, { credentialsSent: true });

  it('E2: at most 2 further tries, after 1 s and 2 s', async () => {
    const outcomes = [unauthorized, unauthorized, unauthorized, unauthorized];
    const report = await run({ outcomes, renew: async () => true });
    expect(report).toMatchObject({ attempts: 3, atMs: [0, 1000, 3000], verdict: { reason: 'CredentialsRejected' } });
  });

  it('E2: an unchanged credential is not sent again', async () => {
    expect(await run({ outcomes: [unauthorized] })).toMatchObject({ attempts: 1, atMs: [0] });
  });

  it.each([404, 500, 403])('E2: %i never renews', async (httpStatus) => {
    let renewals = 0;
    const renew = async () => {
      renewals += 1;
      return true;
    };
    await run({ outcomes: Array.from({ length: 4 }, () => failed(httpStatus, { credentialsSent: true })), renew });
    expect(renewals).toBe(0);
  });

  it('E2: 403 renews when it says invalid_token', async () => {
    const challenge = { bearer: true, error: 'invalid_token' };
    expect((await run({ outcomes: [failed(403, { credentialsSent: true, challenge })], renew: async () => true })).attempts).toBe(
      2,
    );
  });

  it('a renewal does not use up an attempt of the burst', async () => {
    const outcomes = [unauthorized, timedOut, timedOut, timedOut];
    expect((await run({ outcomes, renew: async () => true })).attempts).toBe(4);
  });
});

describe('A2 on the wire', () => {
  it('A2: each attempt has a fresh connection', async () => {
    const server = await bed.serve(respond(500));
    expect((await bed.probe({ url: server.url() })).attempts).toBe(3);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 2, 3]);
  });

  it('A2: a server that is up for the second attempt is Available', async () => {
    const server = await bed.serve((seen, reply) => {
      server.become(modern());
      return respond(502)(seen, reply);
    });
    expect(await bed.probe({ url: server.url() })).toMatchObject({ attempts: 2, verdict: { kind: 'available' } });
  });

  it('A2: a tar-pit is 3 attempts, and one in a retry', async () => {
    const server = await bed.serveRaw(() => {});
    const probe = { timeoutSeconds: 1 };
    const report = await bed.probe({ url: server.url(), probe });
    expect(report).toMatchObject({ attempts: 3, verdict: { reason: 'RequestTimeout', timedOut: true } });
    expect(server.connections()).toBe(3);
    expect(await bed.probe({ url: server.url(), probe }, { retry: true })).toMatchObject({ attempts: 1 });
    expect(server.connections()).toBe(4);
  });

  it('A2: a refused connection is 1 attempt', async () => {
    const report = await bed.probe({ url: `http://127.0.0.1:${await closedPort()}/mcp` });
    expect([report.attempts, reasonOf(report)]).toEqual([1, 'ConnectionRefused']);
  });

  it('the deadline of the probe ends it between attempts with the last cause', async () => {
    const server = await bed.serve(respond(500));
    const own = createTestbed({ random: fixedRandom(0.99) });
    const report = await own.probe({ url: server.url(), probe: { deadlineSeconds: 1 }, retry: { attempts: 5 } });
    expect(reasonOf(report)).toBe('ServerError');
    expect(report.durationMs).toBeLessThan(1500);
  });
});
