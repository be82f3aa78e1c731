/**
 * The stage of a fault: a town of servers, its objects in a fresh namespace, an operator, a proxy before the API server, and the oracle.
 * A test plays its fault on it and then calls {@link Scene.judge}, which proves that the operator is alive (it follows a new object, an
 * edit and a deletion), that all statuses are what an undisturbed run ends with, and that no promise was broken on the way.
 */
import { expect } from 'vitest';
import type { ControlPlaneClient } from '../../hack/controlplane/client.ts';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import type { OperatorProcess } from '../cluster/operator-process.ts';
import { until } from '../platform/until.ts';
import { type AuditedControlPlane, freshNamespace, sharedControlPlane } from './control-planes.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import type { Fleet } from './fleet.ts';
import { type Installed, install, type RunOptions, run } from './operator.ts';
import { brokenPromises, type Expectations, type Normal, statusWrites } from './oracle.ts';
import { allSettled, HEALTHY, openTown, SECRET, type Specs, type Town } from './town.ts';

export interface Scene {
  readonly controlPlane: AuditedControlPlane<ControlPlaneClient>;
  readonly installed: Installed;
  readonly fleet: Fleet;
  readonly specs: Specs;
  /** Straight to the API server, as its admin. */
  readonly objects: Objects;
  readonly proxy: FaultProxy;
  /** Every operator that was started, the last one last. */
  readonly operators: readonly OperatorProcess[];
  /** Applies the town's objects and waits for their verdicts; an operator must run. */
  populate(): Promise<void>;
  /** Starts an operator, through the proxy unless told otherwise. */
  start(options?: Partial<RunOptions> & { readonly direct?: boolean }): Promise<OperatorProcess>;
  /** See above. `timeoutMs` (30,000) is for what happens after the fault to be seen. */
  judge(options?: Expectations & { readonly timeoutMs?: number }): Promise<void>;
  close(): Promise<void>;
}

/** A town, and what an undisturbed operator says about it in the end, by name. */
export interface JudgedTown extends Town {
  readonly reference: Readonly<Record<string, Normal>>;
}

/**
 * Sets the stage: no object is applied and no operator runs yet. Close it. The town may serve several scenes, one after the other, if
 * its servers are left as they were.
 */
export async function setScene(
  prefix: string,
  controlPlane: AuditedControlPlane<ControlPlaneClient>,
  { fleet, specs, reference }: JudgedTown,
): Promise<Scene> {
  const installed = await install(controlPlane, freshNamespace(prefix));
  fleet.reset();
  const objects = await openObjects(controlPlane, installed.namespace);
  const proxy = await startFaultProxy(controlPlane);
  const operators: OperatorProcess[] = [];
  await objects.secret(SECRET.name, SECRET.values);
  return {
    controlPlane,
    installed,
    fleet,
    specs,
    objects,
    proxy,
    operators,
    async populate() {
      await objects.apply(specs);
      await allSettled(objects);
    },
    async start({ direct = false, ...options } = {}) {
      const operator = await run({ installed, ...(direct ? {} : { proxy }), ...options });
      operators.push(operator);
      return operator;
    },
    async judge({ timeoutMs = 30_000, ...expectations } = {}) {
      await changeSomething(fleet, specs, objects);
      const found = await until(
        async () => {
          const settled = await allSettled(objects, timeoutMs);
          expect(settled).toEqual(reference);
          return settled;
        },
        { what: 'the statuses are those of an undisturbed run', timeoutMs, intervalMs: 250 },
      );
      expect(Object.keys(found)).toContain('newcomer');
      const writes = statusWrites(await controlPlane.audit.read(), installed.namespace);
      expect(writes.length).toBeGreaterThan(0);
      expect(brokenPromises(writes, { alwaysHealthy: HEALTHY, ...expectations })).toEqual([]);
      expect(fleet.counts().peakRetries).toBeLessThanOrEqual(5);
    },
    async close() {
      for (const operator of operators) operator.signal('SIGKILL');
      await Promise.all([proxy.close(), objects.close()]);
    },
  };
}

/** One object comes, one is edited, one goes: whoever follows the API server notices all three. */
async function changeSomething(fleet: Fleet, specs: Specs, objects: Objects): Promise<void> {
  await objects.apply({
    newcomer: { url: fleet.server('newcomer').url },
    'healthy-1': { ...specs['healthy-1'], url: `${fleet.server('healthy-1').url}?edited` },
  });
  await objects.kubectl('delete', 'mcpserver', 'missing', '--wait=false');
}

/**
 * Opens a town and takes its reference from a real run: the same specs, servers and changes, another namespace, straight at the API
 * server that all files share. Close its fleet.
 */
export async function openJudgedTown(): Promise<JudgedTown> {
  const town = await openTown();
  return { ...town, reference: await findReference(town) };
}

async function findReference({ fleet, specs }: Town): Promise<Record<string, Normal>> {
  const controlPlane = await sharedControlPlane();
  const installed = await install(controlPlane, freshNamespace('reference'));
  const objects = await openObjects(controlPlane, installed.namespace);
  const operator = await run({ installed });
  try {
    await objects.secret(SECRET.name, SECRET.values);
    await objects.apply(specs);
    await allSettled(objects);
    await changeSomething(fleet, specs, objects);
    return await until(
      async () => {
        const settled = await allSettled(objects);
        return 'newcomer' in settled && !('missing' in settled) ? settled : undefined;
      },
      { what: 'the reference is settled', timeoutMs: 30_000 },
    );
  } finally {
    await operator.stop();
    await objects.close();
  }
}
