/**
 * Who we are towards the API server: headers and TLS material, read afresh whenever asked, because tokens, certificates and CA bundles
 * rotate under a running program.
 *
 * It holds no timer and no cache of its own; connections.ts decides when to read again. It never logs or throws a value: a fault is an
 * error whose message names the source only. Exec plugins are run by `@kubernetes/client-node`, bounded by a deadline.
 */
import { type SpawnOptions, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { type Clock, sleep } from '../platform/clock.ts';
import type { KubeConfig } from './config.ts';

export interface TLSMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

export interface Identity {
  /** Lower-case names; `authorization` among them when there is one. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TLSMaterial;
  /** SHA-256 over the TLS material: connections are made anew when it differs. */
  readonly tlsDigest: string;
}

export interface Credentials {
  /**
   * Reads everything again. `isRefused` says that the server refused the last identity: a plugin's cached token is dropped.
   * Rejects with an Error that names what could not be read.
   */
  read(isRefused: boolean): Promise<Identity>;
}

/** Plugins that ask a cloud take seconds; kubectl waits without end, we do not. */
const PLUGIN_TIMEOUT_MS = 60_000;

/** Reads nothing yet: files and plugins are asked when the first call needs them. */
export function createCredentials({ config, clock }: { config: KubeConfig; clock: Clock }): Credentials {
  let runPlugin = createPlugin(config, clock);
  return {
    async read(isRefused) {
      if (isRefused) runPlugin = createPlugin(config, clock);
      const plugin = await runPlugin();
      const { user, tls } = config;
      const material: TLSMaterial = {
        rejectUnauthorized: !tls.skipVerify,
        ...optional('ca', await readMaterial('CA bundle', tls.caFile, tls.caData)),
        ...optional('cert', plugin.cert ?? (await readMaterial('client certificate', user.certFile, user.certData))),
        ...optional('key', plugin.key ?? (await readMaterial('client key', user.keyFile, user.keyData))),
        ...optional('servername', tls.serverName),
      };
      return { headers: await readHeaders(config, plugin.authorization), tls: material, tlsDigest: digestOf(material) };
    },
  };
}

async function readHeaders({ user }: KubeConfig, pluginAuthorization: string | undefined): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (user.tokenFile)
    headers['authorization'] = `Bearer ${(await readMaterial('token', user.tokenFile, undefined))?.toString().trim()}`;
  else if (user.token) headers['authorization'] = `Bearer ${user.token}`;
  else if (pluginAuthorization) headers['authorization'] = pluginAuthorization.trim();
  else if (user.basic) {
    headers['authorization'] = `Basic ${Buffer.from(`${user.basic.username}:${user.basic.password}`).toString('base64')}`;
  }
  if (user.impersonateUser) headers['impersonate-user'] = user.impersonateUser;
  return headers;
}

interface PluginResult {
  readonly authorization?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Each returned function has a cache of its own inside client-node, so a new one asks the plugin again. */
function createPlugin(config: KubeConfig, clock: Clock): () => Promise<PluginResult> {
  const { plugin } = config.user;
  if (!plugin) return async () => ({});
  const load = async () => {
    const { KubeConfig: Loader } = await import('./client-node.ts');
    const loader = new Loader();
    // Only the plugin is wanted from the loader: without files, static tokens, or its refusal of plain http.
    const { certFile, certData, keyFile, keyData, token, ...user } = plugin.user;
    loader.loadFromClusterAndUser(
      { name: plugin.cluster.name, server: plugin.cluster.server, skipTLSVerify: true },
      { ...user, ...(user.exec ? { exec: withClusterInfo(user.exec) } : {}) },
    );
    return loader;
  };
  const loading = load();
  return async () => {
    const options: RequestOptions = {};
    const loader = await loading;
    const aborted = new AbortController();
    // The loader waits for its plugin without end and shows its process to nobody: what is given up is killed.
    for (const authenticator of loader['authenticators']) {
      const execFn = (command: string, args: string[] | undefined, spawnOptions: SpawnOptions) =>
        spawn(command, args ?? [], { ...spawnOptions, signal: aborted.signal, killSignal: 'SIGKILL' });
      if ('execFn' in authenticator) Object.assign(authenticator, { execFn });
    }
    try {
      await Promise.race([
        loader.applyToHTTPSOptions(options),
        sleep(clock, PLUGIN_TIMEOUT_MS, aborted.signal).then(() => Promise.reject(new Error('timeout'))),
      ]);
    } catch {
      // The plugin's own words may hold a token.
      throw new Error('the credential plugin of the kubeconfig failed');
    } finally {
      aborted.abort(new Error('done'));
    }
    const authorization = Object.entries(options.headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
    return {
      ...(typeof authorization === 'string' ? { authorization } : {}),
      ...(typeof options.cert === 'string' ? { cert: options.cert } : {}),
      ...(typeof options.key === 'string' ? { key: options.key } : {}),
    };
  };
}

/** KUBERNETES_EXEC_INFO, which plugins of client.authentication.k8s.io/v1 insist on and the loader does not set. */
function withClusterInfo(exec: { apiVersion?: string; env?: { name: string; value: string }[] | null }): object {
  const apiVersion = exec.apiVersion ?? 'client.authentication.k8s.io/v1';
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  return { ...exec, env: [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: info }] };
}

async function readMaterial(what: string, file: string | undefined, data: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return data === undefined ? undefined : Buffer.from(data, 'base64');
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`the ${what} file can not be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function digestOf(tls: TLSMaterial): string {
  const hash = createHash('sha256');
  for (const part of [tls.ca, tls.cert, tls.key, tls.servername, String(tls.rejectUnauthorized)])
    hash.update(part ?? '').update('\0');
  return hash.digest('hex');
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}
