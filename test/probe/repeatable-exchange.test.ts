import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../hack/controlplane/certificates.ts';
import { createFakeClock } from '../platform/fake-clock.ts';
import { until } from '../platform/until.ts';
import { legacy, modern } from './behaviours.ts';
import type { Behaviour } from './scripted-server.ts';
import { sse } from './sse-behaviours.ts';
import { createTestbed, dataObject, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const spec = { retry: { attempts: 1 } };

/** Serves the first request of each connection, and resets the connection when a second one comes. */
function oncePerConnection(behaviour: Behaviour): Behaviour {
  const served = new Set<number>();
  return (seen, reply) => {
    if (served.has(seen.connection)) {
      reply.socket?.resetAndDestroy();
      return;
    }
    served.add(seen.connection);
    return behaviour(seen, reply);
  };
}

/** Ends each connection as soon as its answer is written, and announces it by no header. */
const thenEnds =
  (behaviour: Behaviour): Behaviour =>
  (seen, reply) => {
    const { socket } = reply;
    reply.on('finish', () => socket?.end());
    return behaviour(seen, reply);
  };

describe('a server that ends kept-alive connections without a word', () => {
  it('is available when it speaks the modern era', async () => {
    const server = await bed.serve(oncePerConnection(modern()));
    expect(await bed.probe({ url: server.url(), ...spec })).toMatchObject({ verdict: { kind: 'available' }, attempts: 1 });
    expect(server.calls()).toEqual(['server/discover', 'tools/list', 'tools/list']);
  });

  it('is available when it speaks the legacy era, and its session is ended', async () => {
    const { behaviour, ended, alive } = legacy();
    const server = await bed.serve(oncePerConnection(behaviour));
    expect(await bed.probe({ url: server.url(), ...spec })).toMatchObject({ verdict: { kind: 'available' }, attempts: 1 });
    expect({ ended, alive: alive.size }).toEqual({ ended: ['session-1'], alive: 0 });
  });

  it('is available when it speaks HTTP+SSE', async () => {
    const server = await bed.serve(oncePerConnection(sse().behaviour));
    expect(reasonOf(await bed.probe({ url: server.url('/sse'), ...spec }))).toBe('Available');
  });

  it('is available behind TLS', async () => {
    const authority = createAuthority({ name: 'Test CA' });
    const { certPem: cert, keyPem: key } = authority.issue({ commonName: 'x', usage: 'server', ipAddresses: ['127.0.0.1'] });
    bed.configMaps.set('ca', dataObject({ 'ca.crt': authority.certPem }));
    const server = await bed.serve(oncePerConnection(modern()));
    const front = tls.createServer({ cert, key }, (socket) => {
      const behind = net.connect(server.port, '127.0.0.1');
      socket.pipe(behind).pipe(socket);
      for (const side of [socket, behind]) side.on('error', () => {});
      behind.on('close', () => socket.destroy());
      socket.on('close', () => behind.destroy());
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(front.address() as AddressInfo).port}/mcp`;
    const report = await bed.probe({ url, ...spec, tls: { caBundleRef: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } } });
    front.close();
    expect(reasonOf(report)).toBe('Available');
    expect(server.calls()).toEqual(['server/discover', 'tools/list', 'tools/list']);
  });

  it('is available when the end and the next request cross, as often as it is probed', async () => {
    const server = await bed.serve(thenEnds(legacy().behaviour));
    for (let count = 0; count < 20; count += 1)
      expect(reasonOf(await bed.probe({ url: server.url(), ...spec }))).toBe('Available');
  });
});

describe('a request goes out once more', () => {
  it('on a fresh connection, and no third time', async () => {
    let answered = false;
    const server = await bed.serve((seen, reply) => {
      if (answered) reply.socket?.resetAndDestroy();
      else void modern()(seen, reply);
      answered = true;
    });
    expect(reasonOf(await bed.probe({ url: server.url(), ...spec }))).toBe('ConnectionReset');
    expect(server.requests.map(({ connection, message }) => [message?.method, connection])).toEqual([
      ['server/discover', 1],
      ['tools/list', 1],
      ['tools/list', 2],
    ]);
  });

  it('not when the connection was fresh', async () => {
    const server = await bed.serve((_seen, reply) => void reply.socket?.resetAndDestroy());
    expect(reasonOf(await bed.probe({ url: server.url(), ...spec }))).toBe('ConnectionReset');
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['a byte of the answer came', 'H'],
    ['an interim answer came', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ])('not when %s', async (_what, bytes) => {
    const server = await bed.serve((seen, reply) => {
      if (seen.message?.method === 'server/discover') return modern()(seen, reply);
      reply.socket?.write(bytes, () => setTimeout(() => reply.socket?.resetAndDestroy(), 20));
    });
    expect(reasonOf(await bed.probe({ url: server.url(), ...spec }))).toBe('ConnectionReset');
    expect(server.calls()).toEqual(['server/discover', 'tools/list']);
  });

  it('within the time of the first', async () => {
    const clock = createFakeClock();
    bed = createTestbed({ clock });
    const server = await bed.serve(async (seen, reply) => {
      if (seen.message?.method === 'server/discover') return modern()(seen, reply);
      if (seen.connection > 1) return;
      await clock.advance(600);
      reply.socket?.resetAndDestroy();
    });
    const probing = bed.probe({ url: server.url(), ...spec, probe: { timeoutSeconds: 1 } });
    await until(() => server.requests.length === 3, { what: 'the request came again' });
    await clock.advance(400);
    expect(await probing).toMatchObject({ verdict: { reason: 'RequestTimeout' }, durationMs: 1000 });
  });
});
