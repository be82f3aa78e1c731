import { expect, it } from 'vitest';
import { modern } from './behaviours.ts';
import { createTestbed, reasonOf } from './testbed.ts';

it('only checked addresses are connected to, with the original Host', async () => {
  const bed = createTestbed({
    resolve: async () => ({
      kind: 'resolved',
      addresses: [
        { address: '127.0.0.77', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    }),
  });
  const server = await bed.serve(modern());
  // Nobody listens on the first address: the second is tried, and the name is never asked for again.
  expect(reasonOf(await bed.probe({ url: `http://tools.example:${server.port}/mcp` }))).toBe('Available');
  expect(server.requests[0]?.headers.host).toBe(`tools.example:${server.port}`);
  await bed.close();
});

it('a name is looked up once per attempt, so that a second answer can not differ from what was checked', async () => {
  const answers = ['127.0.0.1', '169.254.169.254'];
  let asked = 0;
  const bed = createTestbed({
    resolve: async () => {
      const address = answers[asked] ?? '169.254.169.254';
      asked += 1;
      return { kind: 'resolved', addresses: [{ address, family: 4 }] };
    },
  });
  const server = await bed.serve(modern());
  const url = `http://rebinding.example:${server.port}/mcp`;
  expect(reasonOf(await bed.probe({ url }))).toBe('Available');
  expect(asked).toBe(1);
  expect(reasonOf(await bed.probe({ url }))).toBe('DestinationForbidden');
  expect(server.connections()).toBe(1);
  await bed.close();
});

it('one refused address among several refuses the name', async () => {
  const bed = createTestbed({
    resolve: async () => ({
      kind: 'resolved',
      addresses: [
        { address: '127.0.0.1', family: 4 },
        { address: 'fe80::1', family: 6 },
      ],
    }),
  });
  const server = await bed.serve(modern());
  expect(reasonOf(await bed.probe({ url: `http://mixed.example:${server.port}/mcp` }))).toBe('DestinationForbidden');
  expect(server.connections()).toBe(0);
  await bed.close();
});
