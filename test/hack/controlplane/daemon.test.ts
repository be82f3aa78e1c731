import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createDaemon } from '../../../hack/controlplane/daemon.ts';
import { until } from '../../platform/until.ts';
import { scratchDirectory } from './scratch.ts';

function newDaemon(command = 'sh') {
  const directory = scratchDirectory();
  const daemon = createDaemon({ name: 'demo', command, directory, logFile: path.join(directory, 'demo.log') });
  onTestFinished(() => daemon.stop(0));
  return daemon;
}

test('a daemon starts, stops and starts again', async () => {
  const daemon = newDaemon();
  expect(daemon.ending()).toBe('demo was not started');
  daemon.start(['-c', 'exec sleep 300']);
  const first = daemon.pid();
  expect(first).toBeGreaterThan(1);
  expect(() => daemon.start([])).toThrow('already runs');
  await daemon.stop();
  expect(daemon.pid()).toBeUndefined();
  daemon.start(['-c', 'exec sleep 300']);
  expect(daemon.pid()).not.toBe(first);
});

test('a daemon that ends by itself tells how, with its last words', async () => {
  const daemon = newDaemon();
  daemon.start(['-c', 'echo starting; echo no such thing >&2; exit 7']);
  const ending = await until(() => daemon.ending(), { what: 'it has ended' });
  expect(ending).toBe('demo ended with code 7: no such thing');
  expect(readFileSync(daemon.logFile, 'utf8')).toBe('starting\nno such thing\n');
});

test('a program that does not exist is an ending, not an exception', async () => {
  const daemon = newDaemon('no-such-program-anywhere');
  daemon.start([]);
  expect(await until(() => daemon.ending(), { what: 'it has ended' })).toMatch(
    /^demo (could not be started|ended with code 127)/,
  );
});

test('a daemon that ignores SIGTERM is killed after its grace, a paused one is not left behind', async () => {
  const daemon = newDaemon();
  daemon.start(['-c', "trap '' TERM; echo ready; while :; do sleep 1; done"]);
  await until(() => readFileSync(daemon.logFile, 'utf8').includes('ready'), { what: 'it ignores SIGTERM' });
  await daemon.stop(50);
  expect(daemon.ending()).toBe('demo ended by SIGKILL: ready');
  daemon.start(['-c', 'exec sleep 300']);
  daemon.kill('SIGSTOP');
  await daemon.stop();
  expect(daemon.ending()).toMatch(/by SIGTERM/);
});
