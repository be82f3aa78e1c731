/**
 * Starts `named-probes.ts` as a child, with threads, pipe or resolver as a test wants them, and talks with it round by round. The child is
 * killed at the end, and ends with its standard input if the test dies before. A resolver of its own needs a mount namespace, which only root has everywhere.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Round, RoundTold } from './named-probes.ts';

export interface ChildProber {
  /** One round of probes; resolves with what the child says about it. */
  round(urls: readonly string[], more?: Partial<Omit<Round, 'urls'>>): Promise<RoundTold>;
  close(): Promise<void>;
}

const SCRIPT = path.join(import.meta.dirname, 'named-probes.ts');

/** A child whose threads are held by `fifo`, for names that begin with `hang`. */
export function startHeldProber(fifo: string, threads: number): ChildProber {
  return talkTo(spawn(process.execPath, [SCRIPT, '--fifo', fifo], { stdio: ['pipe', 'pipe', 'inherit'], env: envOf(threads) }));
}

/** A child whose system asks `nameserver` alone. */
export function startNamespacedProber(nameserver: string, threads: number): ChildProber {
  const folder = mkdtempSync(path.join(tmpdir(), 'resolver-'));
  writeFileSync(path.join(folder, 'resolv.conf'), `nameserver ${nameserver}\n`);
  writeFileSync(path.join(folder, 'nsswitch.conf'), 'hosts: files dns\n');
  const child = talkTo(
    spawn('unshare', ['-m', 'sh', '-c', `${bind(folder)} && exec "$0" "$@"`, process.execPath, SCRIPT], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: envOf(threads),
    }),
  );
  return {
    ...child,
    async close() {
      await child.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Why there can be no child with a resolver of its own; undefined when there can. */
export function whyNotNamespaced(): string | undefined {
  if (process.platform !== 'linux') return 'mount namespaces are Linux';
  try {
    execFileSync('unshare', ['-m', 'sh', '-c', 'mount --bind /etc/hosts /etc/resolv.conf'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'a mount namespace needs root, unshare and mount';
  }
}

const bind = (folder: string) =>
  ['resolv.conf', 'nsswitch.conf']
    .map((file) => `{ [ ! -e /etc/${file} ] || mount --bind '${folder}/${file}' /etc/${file}; }`)
    .join(' && ');

function envOf(threads: number): NodeJS.ProcessEnv {
  const { RES_OPTIONS: _options, LOCALDOMAIN: _domain, NODE_OPTIONS: _node, ...env } = process.env;
  return { ...env, UV_THREADPOOL_SIZE: String(threads) };
}

function talkTo(child: ChildProcess): ChildProber {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the child has no pipes');
  const exited = once(child, 'exit');
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    async round(urls, more = {}) {
      const round: Round = { urls, timeoutSeconds: 5, attempts: 1, settled: true, ...more };
      stdin.write(`${JSON.stringify(round)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error('the child ended before it answered');
      return JSON.parse(value) as RoundTold;
    },
    async close() {
      // A thread that is held keeps a process from ending by itself.
      child.kill('SIGKILL');
      await exited;
    },
  };
}
