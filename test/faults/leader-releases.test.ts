/**
 * Two releases of the chart in one namespace, each for a namespace of its own: with one lease for both, one of them would wait for ever.
 * The operators get the arguments that their Deployments would give them.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installChart, renderChart } from '../../hack/chart.ts';
import { type Objects, openObjects } from '../cluster/operator/objects.ts';
import { until } from '../platform/until.ts';
import { freshNamespace, sharedControlPlane } from './control-planes.ts';
import { type Candidate, startCandidate, writesOf } from './electorate.ts';
import { createFleet, type Fleet } from './fleet.ts';

interface Release {
  readonly name: string;
  readonly watched: string;
  readonly objects: Objects;
  readonly operator: Candidate;
}

let controlPlane: Awaited<ReturnType<typeof sharedControlPlane>>;
let fleet: Fleet;
const home = freshNamespace('home');
const releases: Release[] = [];

async function startRelease(name: string): Promise<Release> {
  const watched = freshNamespace(name);
  await controlPlane.kubectl(['create', 'namespace', watched]);
  const values = { watch: { namespaces: [watched] } };
  const installed = await installChart(controlPlane, home, values, name);
  const rendered = await renderChart(controlPlane, { namespace: home, values, release: name });
  const args = /"args":(\[[^\]]*\])/.exec(JSON.stringify(rendered.find(({ kind }) => kind === 'Deployment')))?.[1] ?? '[]';
  const flags = (JSON.parse(args) as string[]).filter((flag) => flag.startsWith('--lease-'));
  return {
    name,
    watched,
    objects: await openObjects(controlPlane, watched),
    operator: await startCandidate(controlPlane, installed, { installed: { ...installed, namespace: watched }, flags }),
  };
}

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  fleet = createFleet();
  for (const name of ['blue', 'green']) releases.push(await startRelease(name));
});

afterAll(async () => {
  for (const { operator, objects } of releases) {
    operator.operator.signal('SIGKILL');
    await objects.close();
  }
  await fleet?.close();
});

test('two releases in one namespace hold a lease each, and both work', async () => {
  for (const { name, operator, objects } of releases) {
    await until(() => operator.leads(), { what: `${name} leads`, timeoutMs: 20_000 });
    await objects.apply({ server: { url: (await fleet.open(name)).url } });
    await objects.settled('server', 'Available');
  }
  const leases = await controlPlane.kubectl(['-n', home, 'get', 'leases', '-o', 'jsonpath={.items[*].metadata.name}']);
  expect(leases.stdout.split(' ').sort()).toEqual(['blue-mcpserver-operator', 'green-mcpserver-operator']);
  expect(releases.every(({ operator }) => operator.leads())).toBe(true);
  const writes = await controlPlane.audit.read();
  for (const { name, watched, operator } of releases) {
    const places = writesOf(writes, operator).map(({ resource, namespace }) => `${resource} in ${namespace}`);
    expect(new Set(places.filter((place) => !place.startsWith('events')))).toEqual(
      new Set([`leases in ${home}`, `mcpservers in ${watched}`]),
    );
    const names = writesOf(writes, operator).filter(({ verb, resource }) => verb === 'update' && resource === 'leases');
    expect(names.every((write) => write.name === `${name}-mcpserver-operator`)).toBe(true);
  }
});
