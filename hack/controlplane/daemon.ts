/**
 * A long-running program that can be signalled, stopped and started again: one of the control plane's two processes.
 * It ends with us (children.ts), writes its output to a log file, and tells how it ended.
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnTethered, type Tether } from './children.ts';
import { lastLine } from './run.ts';

export interface Daemon {
  readonly logFile: string;
  /** The process id while it runs. */
  pid(): number | undefined;
  /** Starts the program. It must not be running. */
  start(args: readonly string[]): void;
  /** Sends `signal` if it runs. SIGSTOP and SIGCONT pause and resume it. */
  kill(signal: NodeJS.Signals): void;
  /** How it ended, with the last line of its log; undefined while it runs. */
  ending(): string | undefined;
  /** Ends it: SIGTERM, and SIGKILL when that took longer than `graceMs` (default 5,000). Resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

export interface DaemonOptions {
  name: string;
  command: string;
  /** Its working directory. */
  directory: string;
  /** Appended to. */
  logFile: string;
  /** Its whole environment. Default: ours. */
  env?: NodeJS.ProcessEnv;
  tether?: Tether;
}

export function createDaemon(options: DaemonOptions): Daemon {
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let ending: string | undefined = `${options.name} was not started`;

  return {
    logFile: options.logFile,
    pid: () => (ending === undefined ? child?.pid : undefined),
    start(args) {
      if (ending === undefined) throw new Error(`${options.name} already runs`);
      const log = openSync(options.logFile, 'a', 0o600);
      const started = spawnTethered(options.command, args, {
        cwd: options.directory,
        stdio: ['ignore', log, log],
        ...(options.env === undefined ? {} : { env: options.env }),
        ...(options.tether === undefined ? {} : { tether: options.tether }),
      });
      closeSync(log);
      child = started;
      ending = undefined;
      ended = new Promise((resolve) => {
        started.once('error', (error) => {
          ending = `${options.name} could not be started: ${error.message}`;
          resolve();
        });
        started.once('exit', (code, signal) => {
          const how = signal === null ? `with code ${code}` : `by ${signal}`;
          ending = `${options.name} ended ${how}: ${lastLine(readFileSync(options.logFile, 'utf8'))}`;
          resolve();
        });
      });
    },
    kill(signal) {
      if (ending === undefined) child?.kill(signal);
    },
    ending: () => ending,
    async stop(graceMs = 5_000) {
      if (ending !== undefined) return;
      child?.kill('SIGTERM');
      // A paused process takes SIGTERM only when it runs again.
      child?.kill('SIGCONT');
      const timer = new AbortController();
      const expired = sleep(graceMs, undefined, { signal: timer.signal }).catch(() => undefined);
      await Promise.race([ended, expired]);
      timer.abort();
      child?.kill('SIGKILL');
      await ended;
    },
  };
}
