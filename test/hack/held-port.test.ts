import { connect, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type HeldPort, holdPort } from '../../hack/held-port.ts';

const held: HeldPort[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const port of held.splice(0)) port.release();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function hold(): Promise<HeldPort> {
  const port = await holdPort();
  held.push(port);
  return port;
}

/** Resolves with the port. */
async function listen(port: number): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** How a connection to `port` ends: `connected`, or the code of its error. */
function knock(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve('connected');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

describe('a port that is held', () => {
  it('refuses connections', async () => {
    const { port } = await hold();
    expect(await knock(port)).toBe('ECONNREFUSED');
  });

  it('can be listened on, again and again, by who names it', async () => {
    const { port } = await hold();
    for (let round = 0; round < 3; round++) {
      expect(await listen(port)).toBe(port);
      expect(await knock(port)).toBe('connected');
      await new Promise((resolve) => servers.pop()?.close(resolve));
      expect(await knock(port)).toBe('ECONNREFUSED');
    }
  });

  it('is given to nobody who asks for any port', async () => {
    // Most of those that the system has to give, in bites that a process may have open.
    const ports = new Set(await Promise.all(Array.from({ length: 500 }, async () => (await hold()).port)));
    expect(ports.size).toBe(500);
    for (let round = 0; round < 20; round++) {
      const given = await Promise.all(Array.from({ length: 400 }, () => listen(0)));
      expect(given.filter((port) => ports.has(port))).toEqual([]);
      await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    }
  });

  it('may be let go twice, and does not disturb who listens on it', async () => {
    const { port, release } = await hold();
    await listen(port);
    release();
    release();
    expect(await knock(port)).toBe('connected');
  });
});
