/**
 * Where a scenario takes place: a control plane of its own, a farm of mock servers, the operator's build and its rights. Everything
 * that is started is registered for the end at once.
 */
import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { BUNDLE } from '../../hack/build.ts';
import { installChart, renderChart } from '../../hack/chart.ts';
import { resolveBinaries } from '../../hack/controlplane/binaries.ts';
import { type ControlPlane, startControlPlane } from '../../hack/controlplane/start.ts';
import { ensureBundle } from '../../hack/demo/bundle.ts';
import { type API, openAPI } from './api.ts';
import type { BenchOptions } from './arguments.ts';
import type { ProcessIDs } from './cpu-account.ts';
import { type Farm, startFarm } from './farm/farm.ts';
import { type Operator, type OperatorOptions, startOperator } from './operator.ts';
import { operatorEnvironment } from './operator-environment.ts';

export interface Site {
  readonly controlPlane: ControlPlane;
  readonly farm: Farm;
  /** As an administrator. */
  readonly api: API;
  /** The operator's own identity: a token of its ServiceAccount, with the rights of the chart. */
  readonly kubeconfig: string;
  /** What runs besides an operator. */
  pids(): ProcessIDs;
  /** Where the operator's lease is. */
  readonly namespace: string;
  /** Starts the build under test. */
  startOperator(options?: StartOptions): Operator;
}

export interface StartOptions {
  /** With a CPU profile, where one was asked for. Default false. */
  readonly isProfiled?: boolean;
  readonly flags?: OperatorOptions['flags'];
  readonly nodeFlags?: OperatorOptions['nodeFlags'];
}

export interface SiteDeps {
  /** Takes what must be done at the end. */
  readonly atEnd: AsyncDisposableStack;
  /** Hears in a few words what is going on. */
  readonly say: (what: string) => void;
}

/** Opens a site with so many mock servers. Rejects with one line. */
export async function openSite({ atEnd, say }: SiteDeps, servers: number, options: BenchOptions): Promise<Site> {
  const { profile } = options;
  const bundle = options.bundle === undefined ? BUNDLE : path.resolve(options.bundle);
  if (profile !== undefined) await mkdir(profile, { recursive: true });
  say('building the operator');
  if (options.bundle === undefined) await ensureBundle();
  else await access(bundle);
  say('starting the control plane');
  const controlPlane = await startControlPlane({ binaries: await resolveBinaries() });
  atEnd.defer(() => controlPlane.stop());
  const { kubeconfig, namespace } = await installChart(controlPlane, 'mcpserver-operator');
  const env = operatorEnvironment(await renderChart(controlPlane, { namespace }), process.env);
  const api = await openAPI(controlPlane.adminKubeconfig);
  atEnd.defer(() => api.close());
  say(`starting ${servers} mock servers`);
  const farm = await startFarm(servers);
  atEnd.defer(() => farm.stop());
  const running = new Set<Operator>();
  atEnd.defer(async () => void (await Promise.all([...running].map((operator) => operator.kill()))));
  return {
    controlPlane,
    farm,
    api,
    kubeconfig,
    namespace,
    pids: () => ({
      apiserver: controlPlane.apiserver.pid(),
      etcd: controlPlane.etcd.pid(),
      farm: farm.pid,
      bench: process.pid,
    }),
    startOperator({ isProfiled = false, flags, nodeFlags } = {}) {
      const operator = startOperator({
        bundle,
        kubeconfig,
        env,
        flags,
        nodeFlags,
        directory: controlPlane.directory,
        profile: isProfiled ? profile : undefined,
      });
      running.add(operator);
      return operator;
    },
  };
}
