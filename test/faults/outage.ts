/**
 * An outage of every server at once, played against a real operator: what the servers count and the statuses say is checked on the way.
 */
import { expect } from 'vitest';
import { openObjects } from '../cluster/operator/objects.ts';
import { until } from '../platform/until.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { createFleet } from './fleet.ts';
import { install, run } from './operator.ts';
import { brokenPromises, statusWrites } from './oracle.ts';

/** Page 5.4, contagious recovery: after this everybody is Available again. */
const RECOVERY_MS = 15_000;

/** Takes `servers` servers away for `outageSeconds`. Rejects when a promise is broken. */
export async function playOutage({
  servers,
  outageSeconds,
}: {
  readonly servers: number;
  readonly outageSeconds: number;
}): Promise<void> {
  const controlPlane = await sharedControlPlane();
  const installed = await install(controlPlane, freshNamespace('outage'));
  const fleet = createFleet();
  const names = Array.from({ length: servers }, (_, index) => `server-${index}`);
  for (const name of names) await fleet.open(name);
  const objects = await openObjects(controlPlane, installed.namespace);
  const operator = await run({ installed });
  try {
    // The ladder of a spec that says nothing, and a period that lets everybody notice the outage.
    const specOf = (name: string) => ({ url: fleet.server(name).url, probe: { periodSeconds: 20 }, retry: { attempts: 1 } });
    await objects.apply(Object.fromEntries(names.map((name) => [name, specOf(name)])));
    const statesOf = async () => [...(await objects.list()).values()].map(({ status }) => status.state);
    const all = (state: string) => async () => {
      const states = await statesOf();
      return states.length === servers && states.every((each) => each === state);
    };
    await until(all('Available'), { what: 'all are Available', timeoutMs: 30_000, intervalMs: 200 });

    fleet.reset();
    await Promise.all(fleet.servers().map((server) => server.become({ kind: 'failing', httpStatus: 503, delayMs: 300 })));
    await new Promise((resolve) => setTimeout(resolve, outageSeconds * 1000));
    expect(await all('Transient')()).toBe(true);
    // Five at a time, 300 ms each: more than one at a time, or nothing was measured.
    expect(fleet.counts().peakRetries).toBeGreaterThanOrEqual(3);

    await Promise.all(fleet.servers().map((server) => server.become({ kind: 'healthy', delayMs: 20 })));
    const backMs = performance.now();
    await until(all('Available'), { what: 'all are Available again', timeoutMs: 60_000, intervalMs: 200 });
    expect(performance.now() - backMs).toBeLessThan(RECOVERY_MS);
    expect(fleet.counts().peakRetries).toBeLessThanOrEqual(5);
    for (const [name, { status }] of await objects.list()) {
      expect(
        status.history?.map(({ to }) => to),
        name,
      ).toEqual(['Available', 'Transient', 'Available']);
    }
    const writes = statusWrites(await controlPlane.audit.read(), installed.namespace);
    expect(brokenPromises(writes)).toEqual([]);
  } finally {
    operator.signal('SIGKILL');
    await Promise.all([objects.close(), fleet.close()]);
  }
}
