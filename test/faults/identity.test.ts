/**
 * Who the operator is, and whom it trusts, change under it: token and CA are files that rotate, and it is never started anew.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createAuthority } from '../../hack/controlplane/certificates.ts';
import { expectSuccess } from '../cluster/control-plane.ts';
import { tokenIn } from '../cluster/operator/objects.ts';
import { until } from '../platform/until.ts';
import { sharedControlPlane } from './control-planes.ts';
import { type JudgedTown, openJudgedTown, type Scene, setScene } from './scene.ts';

let town: JudgedTown;
let scene: Scene;
/** Files as a Pod has them. */
let files: { readonly kubeconfig: string; readonly token: string; readonly ca: string };

beforeAll(async () => {
  town = await openJudgedTown();
});

beforeEach(async () => {
  scene = await setScene('identity', await sharedControlPlane(), town);
  files = await writeFiles(scene);
  await scene.start({ direct: true, kubeconfig: files.kubeconfig });
  await scene.populate();
});

afterEach(() => scene?.close());
afterAll(() => town?.fleet.close());

async function writeFiles({ controlPlane, installed, proxy }: Scene) {
  const base = path.join(path.dirname(installed.kubeconfig), randomBytes(4).toString('hex'));
  const [kubeconfig, token, ca] = [`${base}.yaml`, `${base}.token`, `${base}.crt`];
  await writeFile(token, await tokenIn(installed.kubeconfig));
  await writeFile(ca, await readFile(controlPlane.caFile));
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'a', cluster: { server: proxy.server, 'certificate-authority': ca } }],
    users: [{ name: 'a', user: { tokenFile: token } }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a', namespace: installed.namespace } }],
    'current-context': 'a',
  };
  await writeFile(kubeconfig, stringify(config));
  return { kubeconfig, token, ca };
}

/** As kubelet does: a new file under the old name. */
async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

async function freshToken(): Promise<string> {
  const { namespace, serviceAccount } = scene.installed;
  return tokenIn(await scene.controlPlane.serviceAccountKubeconfig(namespace, serviceAccount));
}

test('a token that is not accepted any more is replaced by the one in its file, without a restart', async () => {
  const { objects, installed, controlPlane } = scene;
  // Tokens die with the ServiceAccount that they were issued for; roles are bound to its name.
  const kubectl = (...args: string[]) => controlPlane.kubectl(['-n', installed.namespace, ...args]).then(expectSuccess);
  await kubectl('delete', 'serviceaccount', installed.serviceAccount);
  await kubectl('create', 'serviceaccount', installed.serviceAccount);
  // The API server remembers a token for ten seconds.
  const refused = () => scene.operators.at(-1)?.metric('rest_client_requests_total', 'code="401"');
  await until(async () => ((await refused()) ?? 0) >= 3, { what: 'the old token is refused', timeoutMs: 30_000 });
  scene.proxy.endWatches();
  await replace(files.token, await freshToken());
  await objects.apply({ fresh: { url: town.fleet.server('newcomer').url } });
  await objects.settled('fresh', 'Available', 40_000);
  await objects.kubectl('delete', 'mcpserver', 'fresh');
  await scene.judge({ timeoutMs: 60_000 });
});

test('a new CA and a new certificate of the API server are followed, without a restart', async () => {
  const { proxy, objects } = scene;
  const authority = createAuthority({ name: 'another-authority' });
  proxy.present(authority.issue({ commonName: 'another', usage: 'server', ipAddresses: ['127.0.0.1'] }));
  proxy.reset();
  // Nobody is trusted before the file says so.
  const asked = proxy.seen.length;
  await until(
    () =>
      scene.operators
        .at(-1)
        ?.log()
        .some(({ trouble }) => trouble !== undefined),
    { what: 'it does not trust', timeoutMs: 15_000 },
  );
  expect(proxy.seen).toHaveLength(asked);
  await replace(files.ca, authority.certPem);
  await objects.apply({ fresh: { url: town.fleet.server('newcomer').url } });
  await objects.settled('fresh', 'Available', 40_000);
  await objects.kubectl('delete', 'mcpserver', 'fresh');
  await scene.judge({ timeoutMs: 60_000 });
});
