/**
 * Who used the CPU in a time: the processes of the bench, and what nobody of them has used, which is noise.
 */
import { readMachineCPU, readProcessUsage } from './process-usage.ts';

/** CPU by process, in milliseconds. `foreign` is what no process of ours has used; undefined where the kernel does not tell. */
export type CPUShares = Readonly<Record<string, number>> | undefined;

/** Processes by name. */
export type ProcessIDs = Readonly<Record<string, number | undefined>>;

export interface CPUAccount {
  /** What was used since the account was opened; `added`: CPU of processes that began later, in milliseconds by name. */
  read(added: Readonly<Record<string, number>>): CPUShares;
}

/** Opens an account of processes that run. */
export function openCPUAccount(pids: ProcessIDs): CPUAccount {
  const readAll = () => Object.entries(pids).map(([name, pid]) => [name, readProcessUsage(pid)?.cpuMs ?? 0] as const);
  const before = new Map(readAll());
  const machineBefore = readMachineCPU();
  return {
    read(added) {
      const machine = readMachineCPU();
      if (machine === undefined || machineBefore === undefined) return undefined;
      const used: Record<string, number> = { ...added };
      for (const [name, cpuMs] of readAll()) used[name] = cpuMs - (before.get(name) ?? 0);
      const ours = Object.values(used).reduce((sum, cpuMs) => sum + cpuMs, 0);
      // Clocks of processes and of the machine tick at different moments.
      return { ...used, foreign: Math.max(machine - machineBefore - ours, 0) };
    },
  };
}
