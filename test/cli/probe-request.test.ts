import { expect, test } from 'vitest';
import { describeRequest } from '../../src/cli/probe-request.ts';

const request = { url: 'https://a.example/mcp', timeoutMs: 10_000, bearerEnv: undefined, headerEnv: [] };

test('a URL alone is a spec with every default', () => {
  const { servers, faults } = describeRequest(request, {});
  expect(faults).toEqual([]);
  expect(servers[0]?.spec).toMatchObject({
    url: request.url,
    probe: { timeoutSeconds: 10, deadlineSeconds: 30 },
    auth: { type: 'None' },
  });
});

test('a long time-out moves the deadline with it, and parts of a second are rounded up', () => {
  expect(describeRequest({ ...request, timeoutMs: 90_500 }, {}).servers[0]?.spec.probe).toMatchObject({
    timeoutSeconds: 91,
    deadlineSeconds: 91,
  });
});

test('E5: values of the environment are in the Secret and never in the spec', async () => {
  const env = { TOKEN: 'CANARY-1', KEY: 'CANARY-2' };
  const { servers, references, faults } = describeRequest({ ...request, bearerEnv: 'TOKEN', headerEnv: ['X-API-Key=KEY'] }, env);
  expect(faults).toEqual([]);
  expect(JSON.stringify(servers)).not.toContain('CANARY');
  const secret = await references.readSecret('default', 'command-line', new AbortController().signal);
  expect(secret.kind === 'found' && [...secret.value.data.keys()]).toEqual(['KEY', 'TOKEN']);
});

test('faults name the flag and never a value', () => {
  const { faults } = describeRequest(
    { ...request, url: 'https://u:CANARY@a/', bearerEnv: 'MISSING', headerEnv: ['Cookie=EMPTY'] },
    { EMPTY: '' },
  );
  expect(faults).toHaveLength(3);
  expect(faults.join()).not.toContain('CANARY');
  expect(faults[2]).toMatch(/^URL: /);
});
