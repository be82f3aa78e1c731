import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { createPageServer, createSlowServer, createTarPit, SLOW_START_MS } from '../../../../hack/demo/servers/broken.ts';
import { postModern, toolsOf, withServer } from './wire.ts';

test('the slow starter answers 503 for 20 s from its first request, and is healthy then', async () => {
  let nowMs = 1_000_000;
  await withServer(
    () => createSlowServer(() => nowMs),
    async (url) => {
      const statuses = [];
      for (const stepMs of [0, SLOW_START_MS - 1, 1]) {
        nowMs += stepMs;
        statuses.push((await postModern(url, 'server/discover')).status);
      }
      expect(statuses).toEqual([503, 503, 200]);
      expect(Object.keys(toolsOf(await postModern(url, 'tools/list')))).toEqual(['translate']);
    },
  );
});

test('the page is HTML with status 200, whatever is asked', () =>
  withServer(createPageServer, async (url) => {
    const answer = await postModern(url, 'server/discover');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.text).toMatch(/^<!doctype html>/);
  }));

test('the tar-pit accepts, takes a request, and says nothing', () =>
  withServer(createTarPit, async (url) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    let received = 0;
    socket.on('data', (data) => {
      received += data.length;
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('POST /mcp HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
    const first = await Promise.race([
      closed.then(() => 'closed'),
      new Promise((resolve) => setTimeout(resolve, 300, 'silence')),
    ]);
    socket.destroy();
    expect([first, received]).toEqual(['silence', 0]);
  }));
