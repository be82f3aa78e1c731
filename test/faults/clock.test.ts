/**
 * A wall clock that is set while the operator runs, or is wrong when it starts: what users read follows it, what is done does not.
 * The operator's process alone is shifted (shifted-clock.ts); the monotonic clock and the API server's are right.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../platform/until.ts';
import { sharedControlPlane } from './control-planes.ts';
import { type JudgedTown, openJudgedTown, type Scene, setScene } from './scene.ts';

const HOUR_MS = 3_600_000;

let town: JudgedTown;
let scene: Scene;

beforeAll(async () => {
  town = await openJudgedTown();
});
beforeEach(async () => {
  scene = await setScene('clock', await sharedControlPlane(), town);
});
afterEach(() => scene?.close());
afterAll(() => town?.fleet.close());

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

for (const [name, shiftMs] of [
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
] as const) {
  test(`a wall clock that is set an hour ${name} while it runs hurries and delays no probe`, async () => {
    const clockFile = path.join(path.dirname(scene.installed.kubeconfig), `${scene.installed.namespace}.clock`);
    await writeFile(clockFile, '0');
    await scene.start({ clockFile });
    await scene.populate();
    const { fleet } = town;
    const before = { down: fleet.server('down').counts().probes, healthy: fleet.server('healthy-0').counts().probes };
    await writeFile(clockFile, String(shiftMs));
    await seconds(12);
    // The ladder ends at 2 s (+10 %) and the period is 10 s (±10 %), whatever the wall says.
    const retries = fleet.server('down').counts().probes - before.down;
    expect(retries).toBeGreaterThanOrEqual(4);
    expect(retries).toBeLessThanOrEqual(8);
    const refreshes = fleet.server('healthy-0').counts().probes - before.healthy;
    expect(refreshes).toBeGreaterThanOrEqual(1);
    expect(refreshes).toBeLessThanOrEqual(2);
    const { failure } = (await scene.objects.read('down')).status;
    const offMs = Date.parse(failure?.nextProbeTime ?? '') - Date.now() - shiftMs;
    expect(Math.abs(offMs)).toBeLessThan(5_000);
    await scene.judge();
  });

  test(`an operator that starts with a wall clock an hour off (${name}) probes what is due within its longest wait`, async () => {
    const first = await scene.start();
    await scene.populate();
    await first.stop();
    town.fleet.reset();
    // All that is to be retried is an hour overdue, or due in an hour: the wait of its own ladder bounds either.
    await scene.start({ clockShiftMs: shiftMs });
    await until(() => town.fleet.server('down').counts().probes > 0, {
      what: 'a failed server is tried again',
      timeoutMs: 8_000,
    });
    await scene.judge({ timeoutMs: 60_000 });
    expect(town.fleet.counts().peakRetries).toBeLessThanOrEqual(5);
  });
}
