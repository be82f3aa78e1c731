import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createPageServer } from '../../../../hack/demo/servers/broken.ts';
import { placeServers, relocate } from '../../../../hack/demo/servers/place.ts';
import { post } from './wire.ts';

const pages = (...hosts: string[]) => hosts.map((host) => ({ what: 'a page', host, create: createPageServer }));
const PORT = 28_431;

test('where their addresses can be had, servers are where the manifests say', async () => {
  const placement = await placeServers(pages('127.0.0.1'), PORT);
  try {
    expect(placement.moves).toEqual({});
    expect((await post(`http://127.0.0.1:${PORT}/mcp`, {})).status).toBe(200);
  } finally {
    await placement.close();
  }
});

test('when one address is taken, all servers move to free ports, and what listened is given back', async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(PORT + 1, '127.0.0.1', resolve));
  const [first, taken] = ['127.0.0.2', '127.0.0.1'] as const;
  const placement = await placeServers(pages(first, taken), PORT + 1).finally(() => squatter.close());
  try {
    const addresses = Object.values(placement.moves);
    expect(Object.keys(placement.moves)).toEqual([`${first}:${PORT + 1}`, `${taken}:${PORT + 1}`]);
    await expect(post(`http://${first}:${PORT + 1}/mcp`, {})).rejects.toThrow();
    for (const address of addresses) expect((await post(`http://${address}/mcp`, {})).status).toBe(200);
  } finally {
    await placement.close();
  }
  await expect(post(`http://${Object.values(placement.moves)[0]}/mcp`, {})).rejects.toThrow();
});

test('a server that is not there moves to a closed port', async () => {
  const closed = { what: 'closed', host: '203.0.113.2', create: undefined };
  const placement = await placeServers([...pages('203.0.113.1'), closed], PORT);
  await placement.close();
  expect(placement.moves[`203.0.113.2:${PORT}`]).toBe('127.0.0.1:1');
});

test('manifests are rewritten where they name a server that moved, and nowhere else', () => {
  const moves = { '127.0.20.1:8080': '127.0.0.1:41234' };
  const manifest = 'url: http://127.0.20.1:8080/mcp\nother: http://127.0.20.10:8080/mcp\n# 127.0.20.1:8080\n';
  expect(relocate(manifest, moves)).toBe(
    'url: http://127.0.0.1:41234/mcp\nother: http://127.0.20.10:8080/mcp\n# 127.0.20.1:8080\n',
  );
  expect(relocate(manifest, {})).toBe(manifest);
});
