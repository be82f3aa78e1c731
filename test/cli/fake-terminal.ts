/**
 * A terminal that keeps what is said to it.
 */
import type { Terminal } from '../../src/cli/terminal.ts';

export interface FakeTerminal extends Terminal {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export function createFakeTerminal(env: Record<string, string | undefined> = {}): FakeTerminal {
  let stdout = '';
  let stderr = '';
  return {
    out(text) {
      stdout += text;
    },
    err(text) {
      stderr += text;
    },
    color: false,
    env,
    stdout: () => stdout,
    stderr: () => stderr,
  };
}
