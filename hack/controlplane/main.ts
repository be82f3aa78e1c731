/**
 * `npm run controlplane`: a real Kubernetes API to play with, until Ctrl-C.
 */
import { parseArgs } from 'node:util';
import { messageOf } from './binaries.ts';
import { watchForEnd, whenAborted } from './ending.ts';
import { type ControlPlane, startControlPlane } from './start.ts';

const USAGE = `Usage: npm run controlplane

Starts a real kube-apiserver and etcd on loopback and keeps them running until Ctrl-C.
The first start fetches or builds both (a build takes a few minutes); later ones take seconds.

Environment:
  KUBEBUILDER_ASSETS  a directory with etcd and kube-apiserver to use instead
  XDG_CACHE_HOME      where the cache lives (default ~/.cache)

Options:
  -h, --help  print this
`;

async function main(): Promise<void> {
  let values: { help?: boolean };
  try {
    ({ values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } }));
  } catch (error) {
    process.stderr.write(`controlplane: ${messageOf(error).split('. ')[0]} (see --help)\n`);
    process.exitCode = 1;
    return;
  }
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  let started: ControlPlane | undefined;
  const asked = watchForEnd(process, () => {
    started?.kill();
    process.exit(130);
  });
  const ending = whenAborted(asked);
  const startedMs = performance.now();
  const controlPlane = await Promise.race([startControlPlane(), ending]);
  // While it starts there is nothing to end in order: what is running is tied to this process.
  if (controlPlane === undefined) process.exit(130);
  started = controlPlane;
  process.stdout.write(describeStart(controlPlane, performance.now() - startedMs));
  await ending;
  process.stdout.write('\nending …\n');
  await controlPlane.stop();
  // A pending handle must not keep a program that has said it is ending.
  process.exit(0);
}

function describeStart(controlPlane: ControlPlane, elapsedMs: number): string {
  const kubectl = controlPlane.tools.kubectl;
  return `
Kubernetes ${controlPlane.version} is ready after ${(elapsedMs / 1000).toFixed(1)} s.

  server      ${controlPlane.server}
  kubeconfig  ${controlPlane.adminKubeconfig}
  kubectl     ${kubectl}
  logs        ${controlPlane.directory}/*.log
  binaries    ${controlPlane.binaries.directory} (${controlPlane.binaries.source})

Try in another terminal:

  export KUBECONFIG=${controlPlane.adminKubeconfig}
  export PATH="$PATH:${kubectl.slice(0, kubectl.lastIndexOf('/'))}"
  kubectl get --raw /readyz
  kubectl get namespaces

Ctrl-C ends it and removes everything but the binaries.
`;
}

main().catch((error: unknown) => {
  process.stderr.write(`controlplane: ${messageOf(error)}\n`);
  process.exit(1);
});
