/**
 * Real servers of HTTP+SSE (2024-11-05) from npm: the suite of agreement, in which the prober detects the transport by itself, and that the
 * stream of a probe is closed by it, which ends a child or a session there. The Python one stands with the other Python servers.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { until } from '../platform/until.ts';
import { createTestbed, reasonOf } from '../probe/testbed.ts';
import { describeAgreement, EVERYTHING, EVERYTHING_COUNTS } from './agreement.ts';
import { everythingSSE, supergatewaySSE } from './node-servers.ts';
import { startRealServer, stopRealServers } from './real-server.ts';

for (const start of [everythingSSE, supergatewaySSE]) {
  describeAgreement({
    start,
    transport: 'SSE',
    expected: { era: 'Legacy', features: EVERYTHING, counts: EVERYTHING_COUNTS, session: false },
  });

  describe(`${start.name}, pinned`, () => {
    const bed = createTestbed();
    afterAll(stopRealServers);

    it('is reached again and again: no stream is left open there', async () => {
      const server = await startRealServer(start);
      for (let probe = 0; probe < 3; probe += 1) {
        expect(reasonOf(await bed.probe({ url: server.url(), transport: 'SSE' }))).toBe('Available');
      }
      await until(() => /disconnect|closed/i.test(server.log()), { what: 'the server has seen a stream close' });
    });
  });
}
