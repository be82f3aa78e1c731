/**
 * Runs a program to its end and collects what it says. The program ends with us (children.ts), its output is bounded, and a
 * bad exit code is a value, never an exception.
 */
import type { ChildProcess } from 'node:child_process';
import { spawnTethered } from './children.ts';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Written to standard input, which is then closed. Default: none. */
  input?: string;
  /** After this the program is killed and `code` is 124, as with `timeout(1)`. Default 120,000. */
  timeoutMs?: number;
  /** Called with each piece of standard error as it arrives. */
  onStderr?: (text: string) => void;
}

export interface RunResult {
  stdout: string;
  stderr: string;
  /** The exit code; 127 when the program could not be started, 124 when its time was over, 128 + n for signal n. */
  code: number;
}

/** 64 MiB of each stream: `kubectl get -o json` of 10,000 objects is about 30 MB. What is beyond is dropped. */
const MAX_OUTPUT_CHARACTERS = 64 * 1024 * 1024;

/** Any signal is reported like SIGKILL: the callers only ask whether the code is 0. */
const KILLED = 137;

/** What is running: an orderly exit of ours ends its helpers too (a compiler's linker), which the tether alone does not reach. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) killGroup(child);
});

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Runs `command` and resolves when it has ended and its output is read. Never rejects. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawnTethered(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    let stdout = '';
    let stderr = '';
    let isExpired = false;
    const timer = setTimeout(() => {
      isExpired = true;
      killGroup(child);
    }, options.timeoutMs ?? 120_000);
    const finish = () => {
      clearTimeout(timer);
      running.delete(child);
    };
    running.add(child);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length + text.length <= MAX_OUTPUT_CHARACTERS) stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length + text.length <= MAX_OUTPUT_CHARACTERS) stderr += text;
      options.onStderr?.(text);
    });
    // A program that ends without reading its input closes the pipe: not our failure.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
    child.once('error', (error) => {
      finish();
      resolve({ stdout, stderr: `${stderr}${error.message}\n`, code: 127 });
    });
    child.once('close', (code) => {
      finish();
      resolve({ stdout, stderr, code: isExpired ? 124 : (code ?? KILLED) });
    });
  });
}

/** The last line of `text` that says something, cut to 300 characters: for one-line error messages. */
export function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? 'it said nothing').trim().slice(0, 300);
}
