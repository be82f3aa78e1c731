/**
 * The operator in a fault test: the built bundle in a process of its own under the chart's RBAC, on its way to the API server through
 * whatever the test puts there, with a wall clock that the test may shift.
 */
import path from 'node:path';
import { installChart } from '../../hack/chart.ts';
import type { ControlPlaneClient } from '../../hack/controlplane/client.ts';
import { launchOperator, type OperatorProcess, startOperator } from '../cluster/operator-process.ts';
import type { FaultProxy } from './fault-proxy.ts';

export interface Installed {
  readonly namespace: string;
  /** Of the chart's ServiceAccount, with the chart's rights in `namespace` alone. Straight to the API server. */
  readonly kubeconfig: string;
  readonly serviceAccount: string;
}

/** Creates `namespace` and the chart's rights in it, and nowhere else. */
export function install(controlPlane: ControlPlaneClient, namespace: string): Promise<Installed> {
  return installChart(controlPlane, namespace, { watch: { namespaces: [namespace] } });
}

export interface RunOptions {
  readonly installed: Installed;
  /** Default: straight to the API server. */
  readonly proxy?: FaultProxy;
  /** Instead of the installed one. */
  readonly kubeconfig?: string;
  /** Appended; leader election is off unless `--leader-elect` is among them. */
  readonly flags?: readonly string[];
  /** False: resolve when its servers listen, although its caches may not be synced. Default true. */
  readonly ready?: boolean;
  /** Shifts the wall clock of the process, ms. The monotonic clock is untouched. Default 0. */
  readonly clockShiftMs?: number;
  /** The same, by what stands in this file at any moment. */
  readonly clockFile?: string;
}

const SHIFTED_CLOCK = path.join(import.meta.dirname, 'shifted-clock.ts');

/** Starts the operator. Kill it by `signal('SIGKILL')`, end it by `stop()`. */
export async function run(options: RunOptions): Promise<OperatorProcess> {
  const { installed, proxy, flags = [], ready = true, clockShiftMs = 0, clockFile } = options;
  const source = options.kubeconfig ?? installed.kubeconfig;
  const kubeconfig = proxy === undefined ? source : await proxy.kubeconfig(source);
  const start = ready ? startOperator : launchOperator;
  return start({
    kubeconfig,
    namespace: installed.namespace,
    flags,
    ...((clockShiftMs !== 0 || clockFile !== undefined) && {
      env: {
        NODE_OPTIONS: `--import=${SHIFTED_CLOCK}`,
        TEST_CLOCK_SHIFT_MS: String(clockShiftMs),
        ...(clockFile !== undefined && { TEST_CLOCK_FILE: clockFile }),
      },
    }),
  });
}
