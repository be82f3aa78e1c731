/**
 * Real servers of HTTP+SSE (2024-11-05), started on loopback: server-everything and supergateway. The prober detects the transport, and
 * it and SDK v2's client agree on all that they offer; the stream of a probe is closed by it, which ends a child or a session there.
 */
import path from 'node:path';
import { Client, SSEClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProbeReport } from '../../src/probe/ports.ts';
import { until } from '../platform/until.ts';
import { createTestbed, reasonOf } from '../probe/testbed.ts';
import { type RealServer, type StartCommand, startRealServer, stopRealServers } from './real-server.ts';
import { offerOfProbe } from './two-clients.ts';

const MODULES = path.resolve(import.meta.dirname, '../../node_modules');
const EVERYTHING = path.join(MODULES, '@modelcontextprotocol/server-everything/dist/index.js');

const everything: StartCommand = {
  name: 'server-everything, SSE',
  command: process.execPath,
  args: () => [EVERYTHING, 'sse'],
  env: (port) => ({ PORT: String(port) }),
  path: '/sse',
};
const gateway: StartCommand = {
  name: 'supergateway, SSE',
  command: process.execPath,
  args: (port) => [
    ...[path.join(MODULES, 'supergateway/dist/index.js'), '--port', String(port), '--outputTransport', 'sse'],
    ...['--stdio', `"${process.execPath}" "${EVERYTHING}" stdio`],
  ],
  path: '/sse',
};

/** What SDK v2's client sees over HTTP+SSE. */
async function offerOfClient(url: string) {
  const client = new Client({ name: 'yardstick', version: '1.0.0' });
  await client.connect(new SSEClientTransport(new URL(url)));
  const named = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name).sort();
  try {
    const { name = '', version = '' } = client.getServerVersion() ?? {};
    return {
      era: 'Legacy',
      protocolVersion: client.getNegotiatedProtocolVersion(),
      server: { name, version },
      features: Object.keys(client.getServerCapabilities() ?? {}).sort(),
      tools: named((await client.listTools()).tools),
      resources: named((await client.listResources()).resources),
      resourceTemplates: named((await client.listResourceTemplates()).resourceTemplates),
      prompts: named((await client.listPrompts()).prompts),
    };
  } finally {
    await client.close();
  }
}

for (const start of [everything, gateway]) {
  describe(start.name, () => {
    const bed = createTestbed();
    let server: RealServer;
    let report: ProbeReport;
    beforeAll(async () => {
      server = await startRealServer(start);
      report = await bed.probe({ url: server.url() });
    });
    afterAll(async () => {
      await stopRealServers();
      await bed.close();
    });

    it('is detected and Available at the first attempt', () => {
      expect(report).toMatchObject({
        attempts: 1,
        outcome: {
          finding: { transport: 'SSE', era: 'Legacy', negotiated: true, snapshot: { tools: { items: { length: 13 } } } },
        },
      });
    });

    it("the prober and SDK v2's client agree on version, server, capabilities and every name", async () => {
      expect(offerOfProbe(report)).toEqual(await offerOfClient(server.url()));
    });

    it('is reached with the transport pinned, and again and again: no stream is left open there', async () => {
      for (let probe = 0; probe < 3; probe += 1) {
        expect(reasonOf(await bed.probe({ url: server.url(), transport: 'SSE' }))).toBe('Available');
      }
      await until(() => /disconnect|closed/i.test(server.log()), { what: 'the server has seen a stream close' });
    });

    it('tells a wrong path, and that nobody listens once it is stopped', async () => {
      expect(reasonOf(await bed.probe({ url: server.url('/nothing-here') }))).toBe('EndpointNotFound');
      await server.stop();
      expect(reasonOf(await bed.probe({ url: server.url() }))).toBe('ConnectionRefused');
    });
  });
}
