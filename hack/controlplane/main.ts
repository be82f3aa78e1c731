/**
 * `npm run controlplane`: a real Kubernetes API to play with, until Ctrl-C.
 */
import { parseArgs } from 'node:util';
import { messageOf } from './binaries.ts';
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

/** npm passes a terminal's Ctrl-C on although it has reached us already; nobody presses it twice this fast. */
const SAME_PRESS_MS = 300;

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
  const ending = watchForEnd();
  const startedMs = performance.now();
  const controlPlane = await Promise.race([startControlPlane(), ending.promise]);
  // While it starts there is nothing to end in order: what is running is tied to this process.
  if (controlPlane === undefined) process.exit(130);
  ending.attach(controlPlane);
  process.stdout.write(describeStart(controlPlane, performance.now() - startedMs));
  await ending.promise;
  process.stdout.write('\nending …\n');
  await controlPlane.stop();
  // A pending handle must not keep a program that has said it is ending.
  process.exit(0);
}

/** Resolves `promise` on the first SIGINT, SIGTERM or SIGHUP; a second press kills what is attached and exits with 130. */
function watchForEnd() {
  let controlPlane: ControlPlane | undefined;
  let firstMs: number | undefined;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onSignal = () => {
    const atMs = performance.now();
    if (firstMs === undefined) {
      firstMs = atMs;
      resolve();
      return;
    }
    if (atMs - firstMs < SAME_PRESS_MS) return;
    controlPlane?.kill();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // Unread signals would let a parked promise end the process: a timer keeps it running.
  const keepAlive = setInterval(() => undefined, 60_000);
  return {
    promise: promise.finally(() => clearInterval(keepAlive)),
    attach: (started: ControlPlane) => {
      controlPlane = started;
    },
  };
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
