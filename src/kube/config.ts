/**
 * Where the API server is and who we are: from a kubeconfig (a path, or the KUBECONFIG variable), else from the Pod that we run in.
 *
 * It reads and checks; it opens no connection, runs no exec plugin and reads no token or certificate file: credentials.ts does, again
 * and again, because those rotate. Faults are one line that names the file and the field, and never a value of it.
 * Inside a cluster `@kubernetes/client-node` is not even loaded: that spares its memory.
 */
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { KubeConfig as ClientNodeConfig, Cluster, Context, User } from '@kubernetes/client-node';
import { parse } from 'yaml';

export interface KubeConfig {
  /** `https://host:port`, without a path. */
  readonly origin: string;
  /** Prefix of every path: empty, or `/k8s/clusters/c-1` behind some proxies. No slash at its end. */
  readonly basePath: string;
  /** The namespace of the context or of the Pod; `default` when neither says. */
  readonly namespace: string;
  /** For people: `in-cluster`, or the file names. */
  readonly source: string;
  readonly tls: KubeTLS;
  /** An http(s) proxy that the kubeconfig names. */
  readonly proxyUrl?: string;
  readonly user: KubeUser;
}

export interface KubeTLS {
  readonly caFile?: string;
  /** base64 of PEM. */
  readonly caData?: string;
  readonly serverName?: string;
  /** Default false. */
  readonly skipVerify: boolean;
}

export interface KubeUser {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly certFile?: string;
  readonly certData?: string;
  readonly keyFile?: string;
  readonly keyData?: string;
  readonly impersonateUser?: string;
  /** An exec plugin or an auth provider, which `@kubernetes/client-node` knows how to run. */
  readonly plugin?: { readonly user: User; readonly cluster: Cluster };
}

export type LoadedKubeConfig =
  | { readonly kind: 'loaded'; readonly config: KubeConfig }
  /** One line: what could not be read, where, and what to do. */
  | { readonly kind: 'error'; readonly message: string };

export interface LoadOptions {
  /** Path of a kubeconfig. Default: the files of `KUBECONFIG`, else that of `home`, else in-cluster. */
  readonly kubeconfig?: string | undefined;
  /** Home of a person, whose `.kube/config` is read where there is one, as kubectl does. Default: nobody's. */
  readonly home?: string | undefined;
  /** Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where a Pod finds its identity. */
  readonly serviceAccountDir?: string;
}

/** Hundreds of clusters with their certificates; a device or a wrong file ends here. */
const MAX_FILE_BYTES = 4 * 2 ** 20;
const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Reads the configuration. Never rejects. */
export async function loadKubeConfig(options: LoadOptions = {}): Promise<LoadedKubeConfig> {
  const env = options.env ?? process.env;
  const explicit = options.kubeconfig;
  if (explicit) return loadFiles([explicit], true);
  const files = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length > 0) return loadFiles(files, false);
  const own = options.home ? join(options.home, '.kube', 'config') : undefined;
  if (own !== undefined && (await isThere(own))) return loadFiles([own], true);
  return loadInCluster(env, options.serviceAccountDir ?? SERVICE_ACCOUNT_DIR);
}

async function loadInCluster(env: Readonly<Record<string, string | undefined>>, directory: string): Promise<LoadedKubeConfig> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) {
    return failed('not running in a cluster (KUBERNETES_SERVICE_HOST is not set): pass --kubeconfig or set KUBECONFIG');
  }
  const tokenFile = `${directory}/token`;
  if ((await readText(tokenFile)).kind === 'error') {
    return failed(
      `${tokenFile} can not be read: the Pod needs a ServiceAccount token (automountServiceAccountToken), or pass --kubeconfig`,
    );
  }
  const namespace = await readText(`${directory}/namespace`);
  return withServer(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, {
    namespace: (namespace.kind === 'text' && namespace.text.trim()) || 'default',
    source: 'in-cluster',
    tls: { caFile: `${directory}/ca.crt`, skipVerify: false },
    user: { tokenFile },
  });
}

/** Merges as kubectl does: the first file that sets a name or the current context wins; files of KUBECONFIG may be missing. */
async function loadFiles(files: readonly string[], mustExist: boolean): Promise<LoadedKubeConfig> {
  const { KubeConfig: Loader } = await import('./client-node.ts');
  const merged: Merged = { clusters: new Map(), users: new Map(), contexts: new Map(), tokenFiles: new Map() };
  let read = 0;
  for (const file of files) {
    const text = await readText(file);
    if (text.kind === 'error') {
      if (!mustExist && text.code === 'ENOENT') continue;
      return failed(`kubeconfig ${file} can not be read (${text.code})`);
    }
    read++;
    try {
      mergeFile(merged, new Loader(), text.text, dirname(resolve(file)));
    } catch (error) {
      return failed(`kubeconfig ${file} is not valid: ${firstLine(error)}`);
    }
  }
  if (read === 0) return failed(`none of the files of KUBECONFIG exists: ${files.join(', ')}`);
  return select(merged, files.join(', '));
}

interface Merged {
  clusters: Map<string, Cluster>;
  users: Map<string, User>;
  contexts: Map<string, Context>;
  tokenFiles: Map<string, string>;
  currentContext?: string;
}

function mergeFile(merged: Merged, loader: ClientNodeConfig, text: string, directory: string): void {
  // The loader reads token files under a key that kubectl does not write, so that key is read here.
  const raw = parse(text) as { users?: { name?: unknown; user?: { tokenFile?: unknown } | null }[] | null } | null;
  if (raw === null || typeof raw !== 'object') throw new Error('it is not a mapping');
  loader.loadFromString(text);
  loader.makePathsAbsolute(directory);
  for (const cluster of loader.clusters) if (!merged.clusters.has(cluster.name)) merged.clusters.set(cluster.name, cluster);
  for (const user of loader.users) {
    if (merged.users.has(user.name)) continue;
    merged.users.set(user.name, user);
    const tokenFile = raw.users?.find((entry) => entry.name === user.name)?.user?.tokenFile;
    if (typeof tokenFile === 'string') merged.tokenFiles.set(user.name, resolve(directory, tokenFile));
  }
  for (const context of loader.contexts) if (!merged.contexts.has(context.name)) merged.contexts.set(context.name, context);
  if (merged.currentContext === undefined && loader.currentContext) merged.currentContext = loader.currentContext;
}

function select(merged: Merged, source: string): LoadedKubeConfig {
  const { currentContext } = merged;
  if (currentContext === undefined)
    return failed(`kubeconfig ${source} has no current-context: set one with kubectl config use-context`);
  const context = merged.contexts.get(currentContext);
  if (!context) return failed(`kubeconfig ${source}: the current context ${JSON.stringify(currentContext)} does not exist`);
  const cluster = merged.clusters.get(context.cluster);
  if (!cluster)
    return failed(`kubeconfig ${source}: the cluster ${JSON.stringify(context.cluster)} of the current context does not exist`);
  const user = merged.users.get(context.user);
  if (!user && context.user) {
    return failed(`kubeconfig ${source}: the user ${JSON.stringify(context.user)} of the current context does not exist`);
  }
  if (cluster.proxyUrl && !/^https?:/.test(cluster.proxyUrl)) {
    return failed(`kubeconfig ${source}: only http and https proxies are supported in proxy-url`);
  }
  return withServer(cluster.server, {
    namespace: context.namespace || 'default',
    source,
    tls: {
      skipVerify: cluster.skipTLSVerify,
      ...(cluster.caFile ? { caFile: cluster.caFile } : {}),
      ...(cluster.caData ? { caData: cluster.caData } : {}),
      ...(cluster.tlsServerName ? { serverName: cluster.tlsServerName } : {}),
    },
    ...(cluster.proxyUrl ? { proxyUrl: cluster.proxyUrl } : {}),
    user: user ? selectUser(user, cluster, merged.tokenFiles.get(user.name)) : {},
  });
}

function selectUser(user: User, cluster: Cluster, tokenFile: string | undefined): KubeUser {
  const providerFile: unknown = user.authProvider?.config?.tokenFile;
  const file = tokenFile ?? (typeof providerFile === 'string' ? providerFile : undefined);
  return {
    // kubectl: a token file wins over a token.
    ...(user.token && !file ? { token: user.token.trim() } : {}),
    ...(file ? { tokenFile: file } : {}),
    ...(user.username ? { basic: { username: user.username, password: user.password ?? '' } } : {}),
    ...(user.certFile ? { certFile: user.certFile } : {}),
    ...(user.certData ? { certData: user.certData } : {}),
    ...(user.keyFile ? { keyFile: user.keyFile } : {}),
    ...(user.keyData ? { keyData: user.keyData } : {}),
    ...(user.impersonateUser ? { impersonateUser: user.impersonateUser } : {}),
    ...(user.exec || (user.authProvider && !file) ? { plugin: { user, cluster } } : {}),
  };
}

function withServer(server: string, rest: Omit<KubeConfig, 'origin' | 'basePath'>): LoadedKubeConfig {
  const url = URL.parse(server);
  if (!url || !/^https?:$/.test(url.protocol))
    return failed(`kubeconfig ${rest.source}: the server must be an http or https URL`);
  return { kind: 'loaded', config: { origin: url.origin, basePath: url.pathname.replace(/\/+$/, ''), ...rest } };
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
}

/** Reads at most one byte more than is allowed. */
async function readText(file: string): Promise<{ kind: 'text'; text: string } | { kind: 'error'; code: string }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(file, { end: MAX_FILE_BYTES })) chunks.push(Buffer.from(chunk));
    const bytes = Buffer.concat(chunks);
    if (bytes.length > MAX_FILE_BYTES) return { kind: 'error', code: `larger than ${MAX_FILE_BYTES / 2 ** 20} MiB` };
    return { kind: 'text', text: bytes.toString('utf8') };
  } catch (error) {
    return { kind: 'error', code: (error as NodeJS.ErrnoException).code ?? 'unknown' };
  }
}

/** A YAML error goes on with lines of the file, which may hold a token: only its first line is told. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : 'unknown fault';
  return (text.split('\n')[0] ?? '').replace(/:$/, '').slice(0, 200);
}

function failed(message: string): LoadedKubeConfig {
  return { kind: 'error', message };
}
