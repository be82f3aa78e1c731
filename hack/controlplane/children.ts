/**
 * Child processes that end when their parent does, however it ends: test runners are killed without a chance to clean up.
 *
 * On Linux the kernel does it (`PR_SET_PDEATHSIG` through `setpriv`, which replaces itself by the program). The kernel counts
 * the end of the *thread* that spawned as the parent's end, so a child of a worker thread ends with that worker. Elsewhere a
 * guardian shell holds a pipe from us and kills the child when the pipe closes. Either way `child.pid` is the program's own.
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';

/** How a child is tied to its parent's life. */
export type Tether = 'setpriv' | 'guardian';

let detected: Tether | undefined;

/** The best tether of this machine; the answer is remembered. BusyBox has a `setpriv` without `--pdeathsig`, so it is tried. */
export function detectTether(): Tether {
  detected ??=
    process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true'], { stdio: 'ignore' }).status === 0
      ? 'setpriv'
      : 'guardian';
  return detected;
}

/**
 * Like `spawn`, in a process group of its own (a terminal's Ctrl-C reaches only us), tied to this process. A program that can't
 * be started is told by the `error` event, or under `setpriv` by exit code 127.
 */
export function spawnTethered(
  command: string,
  args: readonly string[],
  options: Omit<SpawnOptions, 'detached' | 'shell'> & { tether?: Tether } = {},
): ChildProcess {
  const { tether = detectTether(), ...rest } = options;
  if (tether === 'setpriv') return spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], { ...rest, detached: true });
  const child = spawn(command, args, { ...rest, detached: true });
  if (child.pid !== undefined) guard(child, child.pid);
  return child;
}

function guard(child: ChildProcess, pid: number): void {
  const guardian = spawn('sh', ['-c', 'cat >/dev/null; kill -9 "$0" 2>/dev/null', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guardian.unref();
  if (guardian.stdin !== null && 'unref' in guardian.stdin && typeof guardian.stdin.unref === 'function') guardian.stdin.unref();
  guardian.on('error', () => child.kill('SIGKILL'));
  guardian.stdin?.on('error', () => undefined);
  // The guardian must be gone before the child's id can be given to another process: `exit` comes with the reaping.
  child.once('exit', () => guardian.kill('SIGKILL'));
}

/** True while a process with this id exists (a zombie counts) and may be signalled. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
