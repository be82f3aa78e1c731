import { expect, test } from 'vitest';
import { isAlive } from '../../../hack/controlplane/children.ts';
import { lastLine, run } from '../../../hack/controlplane/run.ts';
import { until } from '../../platform/until.ts';

test('a program’s output, input and exit code are passed on', async () => {
  const seen: string[] = [];
  const onStderr = (text: string) => seen.push(text);
  const result = await run('sh', ['-c', 'cat; echo bad >&2; exit 3'], { input: 'hello', onStderr });
  expect(result).toEqual({ stdout: 'hello', stderr: 'bad\n', code: 3 });
  expect(seen.join('')).toBe('bad\n');
});

test('a program that does not exist, one that takes too long and one that is killed have codes of their own', async () => {
  expect((await run('no-such-program-anywhere', [])).code).toBe(127);
  expect((await run('sleep', ['300'], { timeoutMs: 50 })).code).toBe(124);
  expect((await run('sh', ['-c', 'kill -9 $$'])).code).toBe(137);
});

test('a program that does not read its input is no failure', async () => {
  expect((await run('true', [], { input: 'x'.repeat(1_000_000) })).code).toBe(0);
});

test('the last telling line of an output is cut to size', () => {
  expect(lastLine('first\n  last \n\n')).toBe('last');
  expect(lastLine('')).toBe('it said nothing');
  expect(lastLine('x'.repeat(1000))).toHaveLength(300);
});

test('a program whose time is over ends with everything that it started', async () => {
  const { code, stdout } = await run('sh', ['-c', 'sleep 300 & echo $!; wait'], { timeoutMs: 300 });
  expect(code).toBe(124);
  await until(() => !isAlive(Number(stdout)), { what: 'its own child is gone' });
});
