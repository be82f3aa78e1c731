import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tryLock, withLock } from '../../../hack/controlplane/lock.ts';
import { until } from '../../platform/until.ts';
import { moduleUrl, scratchDirectory } from './scratch.ts';

test('a lock has one holder, and the next after its release', () => {
  const file = path.join(scratchDirectory(), 'deep', 'lock');
  const first = tryLock(file);
  expect(first).toBeDefined();
  expect(tryLock(file)).toBeUndefined();
  first?.release();
  first?.release();
  const second = tryLock(file);
  expect(second).toBeDefined();
  second?.release();
});

test('a lock dies with its owner, even by kill -9', async () => {
  const file = path.join(scratchDirectory(), 'lock');
  const script = `
    import { tryLock } from ${JSON.stringify(moduleUrl('lock.ts'))};
    globalThis.lock = tryLock(${JSON.stringify(file)});
    setInterval(() => undefined, 1000);
    process.stdout.write('held');`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(owner.stdout, 'data');
  expect(tryLock(file)).toBeUndefined();
  owner.kill('SIGKILL');
  const lock = await until(() => tryLock(file), { what: 'the lock is free' });
  lock.release();
});

test('withLock waits, says so once, and runs one action at a time', async () => {
  const file = path.join(scratchDirectory(), 'lock');
  let running = 0;
  let waits = 0;
  const action = async () => {
    expect(++running).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    running--;
  };
  const onWait = () => waits++;
  await Promise.all([withLock(file, action, { onWait }), withLock(file, action, { onWait })]);
  expect(waits).toBe(1);
});

test('withLock gives up after its time and frees the lock when its action fails', async () => {
  const file = path.join(scratchDirectory(), 'lock');
  await expect(withLock(file, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  const lock = tryLock(file);
  await expect(withLock(file, () => Promise.resolve(), { timeoutMs: 50 })).rejects.toThrow('for too long');
  lock?.release();
});
