import { afterEach, expect, test, vi } from 'vitest';
import { processTerminal, refuse } from '../../src/cli/terminal.ts';
import { createFakeTerminal } from './fake-terminal.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

function colorWith(isTTY: boolean, env: Record<string, string>): boolean {
  const before = process.stdout.isTTY;
  for (const name of ['NO_COLOR', 'TERM']) vi.stubEnv(name, env[name] ?? '');
  process.stdout.isTTY = isTTY;
  try {
    return processTerminal().color;
  } finally {
    process.stdout.isTTY = before;
  }
}

test('colour needs a terminal, and NO_COLOR or a dumb terminal turns it off', () => {
  expect(colorWith(true, {})).toBe(true);
  expect(colorWith(false, {})).toBe(false);
  expect(colorWith(true, { NO_COLOR: '1' })).toBe(false);
  expect(colorWith(true, { NO_COLOR: '' })).toBe(true);
  expect(colorWith(true, { TERM: 'dumb' })).toBe(false);
});

test('behind an unknown flag without a near one stands where the flags are told', () => {
  const terminal = createFakeTerminal();
  refuse(terminal, 'run', ['unknown flag --x', 'unknown flag --namespace; did you mean --namespaces?']);
  expect(terminal.stderr().split('\n').slice(0, 2)).toEqual([
    'mcpserver-operator run: unknown flag --x; see mcpserver-operator run --help',
    'mcpserver-operator run: unknown flag --namespace; did you mean --namespaces?',
  ]);
});

test('each fault is a line on stderr that begins with program and verb', () => {
  const terminal = createFakeTerminal();
  expect(refuse(terminal, 'run', ['a', 'b'])).toBe(1);
  expect(refuse(terminal, '', ['c'])).toBe(1);
  expect(terminal.stdout()).toBe('');
  expect(terminal.stderr()).toBe('mcpserver-operator run: a\nmcpserver-operator run: b\nmcpserver-operator: c\n');
});
