/**
 * The process of the farm: opens mock servers and does what it is asked over IPC. It ends when its parent does.
 */
import { answerQuestions } from '../child.ts';
import { loopbackAddress } from './addresses.ts';
import { type Answer, Ask, TICK_MS } from './messages.ts';
import { type MockServer, openMockServer } from './mock-server.ts';
import { createTally } from './tally.ts';

const tally = createTally();
const servers: MockServer[] = [];

/** A port that is free on one address may be taken on another: nobody is that unlucky five times. */
const MAX_PORT_TRIES = 5;

async function openAll(count: number): Promise<void> {
  const hasNet = await canListen(loopbackAddress(count - 1));
  for (let attempt = 1; ; attempt++) {
    try {
      let port = 0;
      for (let index = 0; index < count; index++) {
        const address = hasNet ? { host: loopbackAddress(index), port } : { host: '127.0.0.1', port: 0 };
        const server = await openMockServer(index, address, tally);
        servers.push(server);
        port = Number(new URL(server.url).port);
      }
      return;
    } catch (error) {
      await Promise.all(servers.splice(0).map((server) => server.close()));
      if (codeOf(error) !== 'EADDRINUSE' || attempt === MAX_PORT_TRIES) throw error;
    }
  }
}

async function canListen(host: string): Promise<boolean> {
  try {
    const probe = await openMockServer(0, { host, port: 0 }, tally);
    await probe.close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EADDRNOTAVAIL') return false;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

async function act(ask: Ask): Promise<Answer> {
  switch (ask.do) {
    case 'open':
      await openAll(ask.count);
      return { urls: servers.map(({ url }) => url) };
    case 'behave':
      await Promise.all(ask.servers.map((index) => servers[index]?.become(ask.behaviour)));
      return { done: true };
    case 'expect':
      tally.expectRetries(ask.servers);
      return { done: true };
    case 'reset':
      tally.reset();
      return { done: true };
    case 'read':
      return { sightings: tally.read() };
  }
}

answerQuestions(Ask.parse, act);
setInterval(() => tally.tick(), TICK_MS).unref();
