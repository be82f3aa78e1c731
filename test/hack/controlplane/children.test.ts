import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { detectTether, isAlive, spawnTethered, type Tether } from '../../../hack/controlplane/children.ts';
import { until } from '../../platform/until.ts';
import { moduleUrl } from './scratch.ts';

// `setpriv` exists on Linux only; a machine without it proves the same with what it has.
const TETHERS: Tether[] = [...new Set<Tether>([detectTether(), 'guardian'])];

/** True while the process runs; a zombie whose new parent is slow to reap it counts as gone. */
async function isRunning(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return isAlive(pid);
  return readFile(`/proc/${pid}/stat`, 'utf8').then(
    (stat) => !/\) [ZX] /.test(stat),
    () => false,
  );
}

test.for(TETHERS)('a child tied by %s is gone when its parent is killed with SIGKILL', async (tether) => {
  const script = `
    import { spawnTethered } from ${JSON.stringify(moduleUrl('children.ts'))};
    const child = spawnTethered('sleep', ['300'], { stdio: 'ignore', tether: ${JSON.stringify(tether)} });
    setInterval(() => undefined, 1000);
    setTimeout(() => process.stdout.write(String(child.pid)), 100);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = await once(parent.stdout, 'data');
  const pid = Number(text);
  onTestFinished(async () => {
    if (await isRunning(pid)) process.kill(pid, 'SIGKILL');
  });
  expect(await isRunning(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until(async () => !(await isRunning(pid)), { what: 'the child is gone' });
});

test.for(TETHERS)('a child tied by %s has the id of the program itself and can be signalled', async (tether) => {
  const child = spawnTethered('sh', ['-c', 'echo $$; exec sleep 300'], { stdio: ['ignore', 'pipe', 'ignore'], tether });
  const stdout = child.stdout;
  if (stdout === null) throw new Error('no output');
  const [text] = await once(stdout, 'data');
  expect(Number(text)).toBe(child.pid);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
});
