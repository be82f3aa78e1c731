/**
 * What holds for every real server, as one suite: our prober and SDK v2's client see the same, a session that was issued is gone
 * afterwards, a wrong path and a stopped server get the verdict that tells the cause. A server adds itself with one entry.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Era } from '../../src/probe/outcome.ts';
import { createTestbed, reasonOf } from '../probe/testbed.ts';
import { type RealServer, type StartCommand, startRealServer, stopRealServers } from './real-server.ts';
import { type Relay, startRelay } from './relay.ts';
import { type Offer, offerOfProbe, offerOfSDK, offerOfSDKOverSSE } from './two-clients.ts';

type Count = number | undefined;

/** What server-everything advertises to a client without capabilities of its own, alone and behind gateways. */
export const EVERYTHING: readonly string[] = ['completions', 'logging', 'prompts', 'resources', 'tasks', 'tools'];
export const EVERYTHING_COUNTS = [13, 7, 2, 4] as const;

export interface Fixture {
  readonly start: StartCommand;
  /** `protocol` of the spec. Default: Auto, in which the SDK's client negotiates too. */
  readonly protocol?: Era;
  /** What the prober must detect, and the SDK's client is told. Default: `StreamableHTTP`. */
  readonly transport?: 'StreamableHTTP' | 'SSE';
  readonly expected: {
    readonly era: Era;
    readonly features: readonly string[];
    /** How many tools, resources, resource templates and prompts; undefined for a list that it does not advertise. */
    readonly counts: readonly [Count, Count, Count, Count];
    /** Whether `initialize` opens a session. */
    readonly session: boolean;
    /** What the SDK's server answers a path that is not its own. Default: `EndpointNotFound`. */
    readonly wrongPath?: string;
  };
}

const VERSIONS: Readonly<Record<Era, string>> = { Modern: '2026-07-28', Legacy: '2025-11-25' };

/** Declares the suite for one server. */
export function describeAgreement({ start, protocol, transport = 'StreamableHTTP', expected }: Fixture): void {
  describe(start.name, () => {
    const bed = createTestbed();
    const path = start.path ?? '/mcp';
    let server: RealServer;
    let relay: Relay;
    let ours: Offer;

    beforeAll(async () => {
      server = await startRealServer(start);
      relay = await startRelay([server.port]);
      const report = await bed.probe({ url: relay.url(path), ...(protocol === undefined ? {} : { protocol }) });
      expect(report).toMatchObject({ attempts: 1, verdict: { finding: { transport } } });
      ours = offerOfProbe(report);
    });
    afterAll(async () => {
      await relay?.close();
      await stopRealServers();
    });

    it('is Available at the first attempt, in the era and with the catalogue that it has', () => {
      const { era, protocolVersion, features } = ours;
      const { tools, resources, resourceTemplates, prompts } = ours;
      const counts = [tools, resources, resourceTemplates, prompts].map((names) => names?.length);
      expect({ era, protocolVersion, features, counts }).toEqual({
        era: expected.era,
        protocolVersion: VERSIONS[expected.era],
        features: expected.features,
        counts: expected.counts,
      });
      expect(bed.events).toEqual([]);
    });

    it('the prober leaves no session behind', async () => {
      const issued = relay.passed.map(({ issued: id }) => id).filter((id) => id !== undefined);
      expect(new Set(issued).size).toBe(expected.session ? 1 : 0);
      const [session] = issued;
      if (session === undefined) {
        expect(relay.passed.map(({ method }) => method)).not.toContain('DELETE');
        return;
      }
      const last = relay.passed.at(-1);
      expect(last).toMatchObject({ method: 'DELETE', session });
      expect(last?.status).toSatisfy((status: number) => status >= 200 && status < 300);
      expect(await askAgain(server.url(path), session)).toSatisfy((status: number) => status === 400 || status === 404);
    });

    it("the prober and SDK v2's client agree on era, version, server, capabilities and every name", async () => {
      const url = server.url(path);
      expect(ours).toEqual(await (transport === 'SSE' ? offerOfSDKOverSSE(url) : offerOfSDK(url, protocol)));
    });

    it('tells a wrong path from a broken server', async () => {
      const report = await bed.probe({ url: server.url('/nothing-here') });
      expect(reasonOf(report)).toBe(expected.wrongPath ?? 'EndpointNotFound');
    });

    it('says that nobody listens once it is stopped', async () => {
      await server.stop();
      const report = await bed.probe({ url: server.url(path) });
      expect(report).toMatchObject({ attempts: 1, verdict: { class: 'Transient', reason: 'ConnectionRefused' } });
    });
  });
}

/** The status of a request that bears a session which should be over. */
async function askAgain(url: string, session: string): Promise<number> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': VERSIONS.Legacy,
      'mcp-session-id': session,
    },
    body: '{"jsonrpc":"2.0","id":99,"method":"tools/list","params":{}}',
  });
  await reply.text();
  return reply.status;
}
