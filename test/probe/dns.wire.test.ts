/**
 * Rows 1 and 2 of page 4 and names that hang, with a real resolver (getaddrinfo) and a scripted DNS server. The resolver is pointed at it by
 * a mount namespace of a child, which takes root; without, this says so on standard error, and `wire.test.ts` and `hanging-names.test.ts`
 * stand for it with codes and threads. In CI that is a fault.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { modern } from './behaviours.ts';
import { type ChildProber, startNamespacedProber, whyNotNamespaced } from './child-prober.ts';
import { type Scripted, startServer } from './scripted-server.ts';
import { type DNSServer, startDNSServer } from './wire/dns-server.ts';

interface Site {
  readonly dns: DNSServer;
  readonly child: ChildProber;
  readonly server: Scripted;
  url(name: string): string;
}

/** 16 threads: 8 places, of which new names have 6. */
const THREADS = 16;

let site: Site | undefined;

beforeAll(async () => {
  const dns = await startDNSServer().catch(() => undefined);
  const absence = dns === undefined ? 'port 53 can not be bound' : whyNotNamespaced();
  if (dns === undefined || absence !== undefined) {
    await dns?.close();
    if (process.env['CI'] !== undefined) throw new Error(`CI needs a resolver of its own: ${absence}`);
    process.stderr.write(`wire: the real DNS rows are LEFT OUT: ${absence}\n`);
    return;
  }
  const server = await startServer(modern());
  const url = (name: string) => `http://${name}:${server.port}/mcp`;
  site = { dns, server, url, child: startNamespacedProber(dns.address, THREADS) };
});
afterAll(async () => {
  await site?.child.close();
  await site?.server.close();
  await site?.dns.close();
});

it('rows 1 and 2: what a DNS server answers, through getaddrinfo', async () => {
  if (site === undefined) return;
  const { child, url, dns } = site;
  const names = ['servfail.wire.test', 'refused.wire.test', 'nxdomain.wire.test', 'nodata.wire.test', 'good.wire.test'];
  const { probes } = await child.round(names.map(url), { attempts: 3 });
  expect(probes).toMatchObject([
    { row: 1, reason: 'DNSLookupFailed', stage: 'resolve', errorCode: 'EAI_AGAIN', attempts: 3 },
    { row: 1, reason: 'DNSLookupFailed', stage: 'resolve', errorCode: 'EAI_AGAIN', attempts: 3 },
    { row: 2, reason: 'HostNotFound', stage: 'resolve', errorCode: 'ENOTFOUND', attempts: 1 },
    { row: 2, reason: 'HostNotFound', stage: 'resolve', errorCode: 'ENOTFOUND', attempts: 1 },
    { reason: 'Available', attempts: 1 },
  ]);
  // The policy refuses it by its name alone: the DNS server is not asked.
  const refused = await child.round([url('metadata.google.internal')]);
  expect(refused.probes).toMatchObject([{ reason: 'DestinationForbidden', attempts: 0 }]);
  expect(dns.asked.filter((name) => name.endsWith('internal'))).toEqual([]);
});

it('row 1, A5: a DNS server that is silent for forty names delays nobody, and is asked about as many as there are places for', async () => {
  if (site === undefined) return;
  const { child, url, dns } = site;
  expect((await child.round([url('good.wire.test')])).probes).toMatchObject([{ reason: 'Available' }]);
  const silent = Array.from({ length: 40 }, (_, index) => url(`silent-${index}.wire.test`));
  await child.round(silent, { settled: false, timeoutSeconds: 2 });
  const beside = await child.round(Array.from({ length: 20 }, () => url('good.wire.test')));
  expect(new Set(beside.probes.map(({ reason }) => reason))).toEqual(new Set(['Available']));
  for (const { durationMs } of beside.probes) expect(durationMs).toBeLessThan(1_000);
  const again = await child.round(silent, { timeoutSeconds: 1, attempts: 1 });
  const told = again.probes.map(({ reason, row }) => [reason, row].join(' ').trim());
  expect(told.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => 'DNSLookupFailed 1'));
  expect(told.slice(6)).toEqual(Array.from({ length: 34 }, () => 'undecided'));
  expect(new Set(dns.asked.filter((name) => name.startsWith('silent'))).size).toBe(6);
});
