import { expect, test } from 'vitest';
import { runVerb } from '../../src/cli/run.ts';
import type { OperatorConfig } from '../../src/config.ts';
import { createFakeTerminal } from './fake-terminal.ts';

test('a good configuration reaches the operator, whose exit code counts', async () => {
  const terminal = createFakeTerminal({ MCPSERVER_OPERATOR_LOG_FORMAT: 'pretty' });
  let seen: OperatorConfig | undefined;
  const code = await runVerb(['--namespaces=team-a'], terminal, async (config) => {
    seen = config;
    return 7;
  });
  expect(code).toBe(7);
  expect(seen).toMatchObject({ namespaces: ['team-a'], logFormat: 'pretty' });
});

test('a bad configuration names every fault, one line each, and starts nothing', async () => {
  const terminal = createFakeTerminal({ MCPSERVER_OPERATOR_MAX_CONCURRENT_PROBES: '0' });
  let started = false;
  const code = await runVerb(['--log-level=loud', '--nonsense'], terminal, async () => {
    started = true;
    return 0;
  });
  expect({ code, started }).toEqual({ code: 1, started: false });
  expect(terminal.stderr()).toBe(
    [
      'mcpserver-operator run: unknown flag --nonsense; see mcpserver-operator run --help',
      'mcpserver-operator run: MCPSERVER_OPERATOR_MAX_CONCURRENT_PROBES "0": expected a whole number from 1 to 256',
      'mcpserver-operator run: --log-level "loud": expected one of debug, info, warn, error',
      '',
    ].join('\n'),
  );
});

test('a fault of the operator is one line', async () => {
  const terminal = createFakeTerminal();
  const code = await runVerb([], terminal, async (_config, io) => {
    io.fault('kubeconfig /x can not be read (ENOENT)');
    return 1;
  });
  expect(code).toBe(1);
  expect(terminal.stderr()).toBe('mcpserver-operator run: kubeconfig /x can not be read (ENOENT)\n');
});

test('the thread pool is larger than the cap of probes before the operator starts', async () => {
  const terminal = createFakeTerminal();
  let size: string | undefined;
  await runVerb(['--max-concurrent-probes=100'], terminal, async () => {
    size = terminal.env['UV_THREADPOOL_SIZE'];
    return 0;
  });
  expect(size).toBe('400');
});
