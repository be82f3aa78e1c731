/**
 * Starts a real etcd and kube-apiserver for tests, demo and benchmarks, and ends them.
 *
 * etcd listens on Unix sockets inside a private directory only; the API server on a free loopback port, with certificates of an
 * authority of its own. No controller-manager runs: there is no garbage collection, a deleted namespace stays Terminating, no
 * ServiceAccount appears by itself. Neither process outlives ours, however it ends.
 */
import { createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { holdPort } from '../held-port.ts';
import { type Binaries, resolveBinaries } from './binaries.ts';
import { type Authority, createAuthority } from './certificates.ts';
import type { Tether } from './children.ts';
import { type ControlPlaneClient, type ControlPlaneDescription, createClient } from './client.ts';
import { createDaemon, type Daemon } from './daemon.ts';
import { openDirectory } from './directory.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { resolveTools } from './kubectl.ts';
import { waitFor, waitUntilReady } from './readiness.ts';

export interface StartOptions {
  /** Appended to our own flags, so a flag that is given twice counts as given here. */
  extraApiServerFlags?: readonly string[];
  extraEtcdFlags?: readonly string[];
  /** Kept afterwards. Default: a temporary directory that is removed at the end. */
  directory?: string;
  /** Default: {@link resolveBinaries}, which may take minutes the first time. */
  binaries?: Binaries;
  /** How the processes are tied to ours. Default: the best of this machine. */
  tether?: Tether;
}

/** The API server's process, for tests of faults. */
export interface ApiServer extends Omit<Daemon, 'start'> {
  /** Starts it again on the same port, after {@link Daemon.stop} or a kill, and resolves when it is ready. */
  start(options?: { extraFlags?: readonly string[] }): Promise<void>;
  /** Stops it if it runs and starts it again on the same port, `extraFlags` after all others. */
  restart(options?: { extraFlags?: readonly string[] }): Promise<void>;
}

export interface ControlPlane extends ControlPlaneClient {
  readonly binaries: Binaries;
  readonly apiserver: ApiServer;
  readonly etcd: Omit<Daemon, 'start'>;
  /** Plain data for other processes. Both processes must be running. */
  describe(): ControlPlaneDescription;
  /** Ends both processes and gives the directory up. Idempotent. */
  stop(): Promise<void>;
  /** Kills both at once; the directory stays until a later start removes it. For a second Ctrl-C. */
  kill(): void;
}

/** Starts a control plane and resolves when it is ready. Rejects with one line, leaving nothing behind. */
export async function startControlPlane(options: StartOptions = {}): Promise<ControlPlane> {
  const [binaries, tools] = await Promise.all([options.binaries ?? resolveBinaries(), resolveTools()]);
  // Held all the time, so that an API server that was killed finds its port again.
  const held = await holdPort();
  const workplace = await openDirectory(options.directory).catch((error: unknown) => {
    held.release();
    throw error;
  });
  const directory = workplace.path;
  const tether = options.tether === undefined ? {} : { tether: options.tether };
  const newDaemon = (name: string, command: string) =>
    createDaemon({ name, command, directory, logFile: path.join(directory, `${name}.log`), ...tether });
  const etcd = newDaemon('etcd', binaries.etcd);
  const apiserver = newDaemon('kube-apiserver', binaries.apiserver);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await apiserver.stop();
    await etcd.stop();
    held.release();
    await workplace.release();
  };
  try {
    const authority = createAuthority({ name: 'mcpserver-operator-controlplane' });
    const admin = authority.issue({ commonName: 'admin', organizations: ['system:masters'], usage: 'client' });
    await writeCertificates(directory, authority);
    await startEtcd(etcd, path.join(directory, ETCD_SOCKET_FILE), options.extraEtcdFlags ?? []);
    const startApiServer = async (extraFlags: readonly string[] = []) => {
      apiserver.start([...apiServerFlags(held.port), ...(options.extraApiServerFlags ?? []), ...extraFlags]);
      await waitUntilReady(held.port, authority.certPem, admin, [etcd, apiserver]);
    };
    await startApiServer();
    const server = `https://127.0.0.1:${held.port}`;
    const adminKubeconfig = path.join(directory, 'kubeconfigs', 'admin.yaml');
    const credentials = { kind: 'certificate', pair: admin } as const;
    await writeKubeconfig(adminKubeconfig, { server, caPem: authority.certPem, user: 'admin', credentials });
    const files = { caFile: path.join(directory, 'ca.crt'), caKeyFile: path.join(directory, 'ca.key'), adminKubeconfig };
    const describe = (): ControlPlaneDescription => {
      const pids = { etcd: etcd.pid(), apiserver: apiserver.pid() };
      if (pids.etcd === undefined || pids.apiserver === undefined) throw new Error('the control plane does not run');
      return {
        server,
        version: binaries.version,
        directory,
        ...files,
        tools,
        pids: { etcd: pids.etcd, apiserver: pids.apiserver },
      };
    };
    return {
      ...createClient(describe()),
      binaries,
      etcd,
      apiserver: {
        ...apiserver,
        start: ({ extraFlags } = {}) => startApiServer(extraFlags),
        async restart({ extraFlags } = {}) {
          await apiserver.stop();
          await startApiServer(extraFlags);
        },
      },
      describe,
      stop() {
        stopping ??= stop();
        return stopping;
      },
      kill() {
        apiserver.kill('SIGKILL');
        etcd.kill('SIGKILL');
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * `unix://etcd.sock:0` is a socket of that name in the working directory, which both programs share: a relative path, because
 * absolute ones of sockets are limited to about 100 characters.
 */
const ETCD_SOCKET_FILE = 'etcd.sock:0';
const ETCD_SOCKET = `unix://${ETCD_SOCKET_FILE}`;
const PEER_SOCKET = 'unix://peer.sock:0';
const ETCD_FLAGS = [
  '--name=controlplane',
  '--data-dir=etcd',
  `--listen-client-urls=${ETCD_SOCKET}`,
  `--advertise-client-urls=${ETCD_SOCKET}`,
  `--listen-peer-urls=${PEER_SOCKET}`,
  `--initial-advertise-peer-urls=${PEER_SOCKET}`,
  `--initial-cluster=controlplane=${PEER_SOCKET}`,
  // Nothing here has to survive a power cut.
  '--unsafe-no-fsync=true',
  '--log-level=error',
];

function apiServerFlags(port: number): string[] {
  return [
    `--etcd-servers=${ETCD_SOCKET}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--cert-dir=certificates',
    '--tls-cert-file=server.crt',
    '--tls-private-key-file=server.key',
    '--client-ca-file=ca.crt',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    `--service-account-issuer=https://127.0.0.1:${port}/`,
    '--service-account-key-file=service-account.pub',
    '--service-account-signing-key-file=service-account.key',
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
    '--profiling=false',
  ];
}

async function writeCertificates(directory: string, authority: Authority): Promise<void> {
  await mkdir(path.join(directory, 'kubeconfigs'), { recursive: true });
  const server = authority.issue({
    commonName: 'kube-apiserver',
    usage: 'server',
    dnsNames: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    ipAddresses: ['127.0.0.1', '10.0.0.1'],
  });
  // Any P-256 key signs ServiceAccount tokens; the certificate that comes with this one is not used.
  const { keyPem } = authority.issue({ commonName: 'service-account', usage: 'client' });
  const files = {
    'ca.crt': authority.certPem,
    'ca.key': authority.keyPem,
    'server.crt': server.certPem,
    'server.key': server.keyPem,
    'service-account.key': keyPem,
    'service-account.pub': createPublicKey(keyPem).export({ type: 'spki', format: 'pem' }).toString(),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(directory, name), content, { mode: 0o600 });
}

/** Resolves when etcd listens: an API server that comes too early waits a whole second before it tries again. */
async function startEtcd(etcd: Daemon, socketFile: string, extraFlags: readonly string[]): Promise<void> {
  await rm(socketFile, { force: true });
  etcd.start([...ETCD_FLAGS, ...extraFlags]);
  await waitFor(() => Promise.resolve(existsSync(socketFile)), 'etcd does not listen', [etcd]);
}
