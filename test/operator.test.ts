import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOperatorConfig } from '../src/config.ts';
import { runOperator } from '../src/operator.ts';

/** What needs no API server; the rest is proved by test/cluster/operator. */

let directory: string;
let kubeconfig: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mcpserver-operator-test-'));
  kubeconfig = join(directory, 'config.yaml');
  // Port 9 (discard) answers nobody: the API server is away.
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:9' } }],
    users: [{ name: 'c', user: { token: 't' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
});
afterAll(() => rm(directory, { recursive: true }));

async function run(flags: readonly string[], signal = new AbortController().signal) {
  const parsed = parseOperatorConfig(
    ['--log-level', 'error', '--metrics-bind-address', '0', '--health-bind-address', '0', ...flags],
    {},
  );
  if (parsed.kind !== 'valid') throw new Error(JSON.stringify(parsed));
  const faults: string[] = [];
  const code = await runOperator(parsed.config, { signal, fault: (line) => faults.push(line) });
  return { code, faults };
}

describe('runOperator', () => {
  it('says in one line that a kubeconfig can not be read, and exits with 1', async () => {
    const { code, faults } = await run(['--kubeconfig', join(directory, 'absent.yaml')]);
    expect(code).toBe(1);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/absent\.yaml can not be read/);
    expect(faults[0]).not.toContain('\n');
  });

  it('ends cleanly when it is asked to while the API server is away', async () => {
    const controller = new AbortController();
    const running = run(['--kubeconfig', kubeconfig], controller.signal);
    controller.abort();
    expect(await running).toEqual({ code: 0, faults: [] });
  });

  it('says in one line that a port is taken, and exits with 1', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    const address = squatter.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const parsed = parseOperatorConfig(
      [
        '--log-level',
        'error',
        '--kubeconfig',
        kubeconfig,
        '--metrics-bind-address',
        `127.0.0.1:${port}`,
        '--health-bind-address',
        '0',
      ],
      {},
    );
    if (parsed.kind !== 'valid') throw new Error(JSON.stringify(parsed));
    const faults: string[] = [];
    const code = await runOperator(parsed.config, { signal: new AbortController().signal, fault: (line) => faults.push(line) });
    squatter.close();
    expect(code).toBe(1);
    expect(faults).toEqual([expect.stringContaining(`--metrics-bind-address 127.0.0.1:${port}: another process listens there`)]);
  });
});
