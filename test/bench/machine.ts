/**
 * What the numbers were measured on: they mean nothing without it.
 */
import { arch, availableParallelism, cpus, loadavg, platform } from 'node:os';
import { KUBERNETES_MINOR } from '../../hack/controlplane/versions.ts';

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly platform: string;
  readonly node: string;
  readonly kubernetes: string;
  /** Processes that ran or wanted to, averaged over the minute before. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    platform: `${platform()} ${arch()}`,
    node: process.version,
    kubernetes: KUBERNETES_MINOR,
    loadBefore: loadavg()[0] ?? Number.NaN,
  };
}

/** One line. */
export function renderMachine({ cores, cpu, platform, node, kubernetes, loadBefore }: Machine): string {
  return `${cores} cores (${cpu}), ${platform}, Node ${node}, Kubernetes ${kubernetes}, load before ${loadBefore.toFixed(2)}`;
}
