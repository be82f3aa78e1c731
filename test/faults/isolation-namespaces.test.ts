/**
 * One of the watched namespaces without rights: the others are served, `/readyz` and the log name it, and it joins when the rights come.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installChart } from '../../hack/chart.ts';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import { launchOperator, type OperatorProcess } from '../cluster/operator-process.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { createFleet, type Fleet } from './fleet.ts';

const allowed = freshNamespace('allowed');
const forbidden = freshNamespace('forbidden');

let controlPlane: Awaited<ReturnType<typeof sharedControlPlane>>;
let operator: OperatorProcess;
const objects: Objects[] = [];
const fleet: Fleet = createFleet();

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  const { kubeconfig } = await installChart(controlPlane, allowed, { watch: { namespaces: [allowed] } });
  await controlPlane.kubectl(['create', 'namespace', forbidden]);
  const { url } = await fleet.open('server');
  for (const namespace of [allowed, forbidden]) {
    const opened = await openObjects(controlPlane, namespace);
    objects.push(opened);
    await opened.apply({ server: { url } });
  }
  operator = await launchOperator({ kubeconfig, namespace: `${allowed},${forbidden}` });
});

afterAll(async () => {
  operator?.signal('SIGKILL');
  await Promise.all([...objects.map((each) => each.close()), fleet.close()]);
});

/** What `/readyz` says about what is not ready. */
async function readiness(): Promise<string> {
  const starting = operator.log().find(({ msg }) => msg === 'starting');
  return (await fetch(`http://${starting?.['health']}/readyz`)).text();
}

test('a namespace without rights keeps no other one from being served, and is named', async () => {
  await objects[0]?.settled('server', 'Available');
  expect(await readiness()).toBe(`[+]caches-synced/${allowed} ok\n[-]caches-synced/${forbidden} failed\nreadyz check failed\n`);
  expect(operator.log().filter(({ level }) => level === 'error')).toMatchObject([{ namespaces: [forbidden] }]);
  expect(await operator.health('/healthz')).toBe(200);
});

test('it joins when the rights come, without a restart', async () => {
  await installChart(controlPlane, allowed, { watch: { namespaces: [allowed, forbidden] } });
  await objects[1]?.settled('server', 'Available', 60_000);
  expect(await readiness()).toBe('ok');
});
