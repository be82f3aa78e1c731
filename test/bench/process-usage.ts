/**
 * What a process has used, and the whole machine, as Linux tells it in /proc. Elsewhere the answer is undefined: nothing is guessed.
 */
import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  /** User and system, threads too, since the process began. */
  readonly cpuMs: number;
  readonly rssMiB: number;
  /** The part of it that is its own: without the pages of the program file, which all processes of one program share. */
  readonly anonymousMiB: number;
  /** The highest that `rssMiB` has been. */
  readonly peakRSSMiB: number;
}

/** `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node runs on. */
const TICK_MS = 10;

/** Undefined when there is no such process or no /proc. Synchronous: it is asked at the very moment that is measured. */
export function readProcessUsage(pid: number | undefined): ProcessUsage | undefined {
  if (pid === undefined) return undefined;
  const stat = read(`/proc/${pid}/stat`);
  const status = read(`/proc/${pid}/status`);
  return stat === undefined || status === undefined ? undefined : parseProcessUsage(stat, status);
}

/** Reads the text of /proc/PID/stat and /proc/PID/status (proc(5)). */
export function parseProcessUsage(stat: string, status: string): ProcessUsage {
  // The second field is the name of the program in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    rssMiB: kib('VmRSS') / 1024,
    anonymousMiB: kib('RssAnon') / 1024,
    peakRSSMiB: kib('VmHWM') / 1024,
  };
}

/** CPU time that all processes together have used since the machine began, in milliseconds; undefined without /proc. */
export function readMachineCPU(): number | undefined {
  const stat = read('/proc/stat');
  return stat === undefined ? undefined : parseMachineCPU(stat);
}

/** Reads the text of /proc/stat: user, nice, system, irq, softirq. Waiting and what a hypervisor took are not use. */
export function parseMachineCPU(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (stat.split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) * TICK_MS;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
