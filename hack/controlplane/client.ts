/**
 * What can be done with a running control plane from outside its owner: kubectl, helm, kubeconfigs for any identity.
 * A description is plain data, so a test runner can hand it to its workers; a client is made from it anywhere on the machine.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openAuthority } from './certificates.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { Tools } from './kubectl.ts';
import { type RunResult, run } from './run.ts';

/** A running control plane as plain data. */
export interface ControlPlaneDescription {
  /** `https://127.0.0.1:port`. */
  server: string;
  /** What kube-apiserver calls itself, such as `1.35.4`. */
  version: string;
  /** Holds everything of this control plane: data, logs, certificates, kubeconfigs. */
  directory: string;
  /** The authority of the server's certificate and of client certificates, PEM. */
  caFile: string;
  caKeyFile: string;
  /** The kubeconfig of a member of system:masters. */
  adminKubeconfig: string;
  tools: Tools;
  /** Process ids at the time of the description. */
  pids: { etcd: number; apiserver: number };
}

/** Who a client certificate speaks for. */
export interface Identity {
  user: string;
  /** Default: none (the server adds system:authenticated). */
  groups?: readonly string[];
}

export interface ToolOptions {
  /** Default: the admin's. */
  kubeconfig?: string;
  /** Standard input, for `-f -`. */
  input?: string;
  /** Default 120,000. */
  timeoutMs?: number;
}

export interface ControlPlaneClient {
  readonly server: string;
  readonly version: string;
  readonly directory: string;
  readonly caFile: string;
  readonly adminKubeconfig: string;
  readonly tools: Tools;
  /** Runs kubectl; a failure is in `code`. */
  kubectl(args: readonly string[], options?: ToolOptions): Promise<RunResult>;
  /** Runs helm; a failure is in `code`. */
  helm(args: readonly string[], options?: ToolOptions): Promise<RunResult>;
  /** Writes a kubeconfig with a fresh client certificate of `identity` and resolves with its path. */
  kubeconfig(identity: Identity): Promise<string>;
  /**
   * Writes a kubeconfig with a token of an existing ServiceAccount, from the TokenRequest API, and resolves with its path.
   * `durationSeconds` defaults to a day. Rejects with the server's words when it refuses.
   */
  serviceAccountKubeconfig(namespace: string, name: string, durationSeconds?: number): Promise<string>;
}

/** A client of the control plane that `description` describes. Needs no clean-up: its files go with the directory. */
export function createClient(description: ControlPlaneDescription): ControlPlaneClient {
  const { server, version, directory, caFile, adminKubeconfig, tools } = description;

  const runTool = (tool: string, args: readonly string[], options: ToolOptions = {}) =>
    run(tool, args, {
      env: toolEnvironment(directory, options.kubeconfig ?? adminKubeconfig),
      ...(options.input === undefined ? {} : { input: options.input }),
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    });
  const kubectl = (args: readonly string[], options?: ToolOptions) => runTool(tools.kubectl, args, options);

  return {
    server,
    version,
    directory,
    caFile,
    adminKubeconfig,
    tools,
    kubectl,
    helm: (args, options) => runTool(tools.helm, args, options),
    async kubeconfig(identity) {
      const authority = openAuthority({
        certPem: await readFile(caFile, 'utf8'),
        keyPem: await readFile(description.caKeyFile, 'utf8'),
      });
      const pair = authority.issue({ commonName: identity.user, organizations: identity.groups ?? [], usage: 'client' });
      const file = newKubeconfigPath(directory, identity.user);
      const credentials = { kind: 'certificate', pair } as const;
      await writeKubeconfig(file, { server, caPem: authority.certPem, user: identity.user, credentials });
      return file;
    },
    async serviceAccountKubeconfig(namespace, name, durationSeconds = 24 * 60 * 60) {
      const { code, stdout, stderr } = await kubectl([
        'create',
        'token',
        name,
        `--namespace=${namespace}`,
        `--duration=${durationSeconds}s`,
      ]);
      if (code !== 0) throw new Error(`no token for ServiceAccount ${namespace}/${name}: ${stderr.trim()}`);
      const file = newKubeconfigPath(directory, `${namespace}-${name}`);
      const credentials = { kind: 'token', token: stdout.trim() } as const;
      await writeKubeconfig(file, { server, caPem: await readFile(caFile, 'utf8'), user: name, namespace, credentials });
      return file;
    },
  };
}

/** User names may hold anything (`system:serviceaccount:a:b`); a random part keeps two of one name apart. */
function newKubeconfigPath(directory: string, name: string): string {
  const readable = name.replaceAll(/[^A-Za-z0-9-]+/g, '-').slice(0, 60);
  return path.join(directory, 'kubeconfigs', `${readable}-${randomBytes(4).toString('hex')}.yaml`);
}

/**
 * The environment without the user's own settings of kubectl and helm, and with every cache in `directory`: discovery caches
 * are kept by host and port, and ports are used again by other control planes.
 */
function toolEnvironment(directory: string, kubeconfig: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(HELM_|KUBE)/.test(name));
  return {
    ...Object.fromEntries(kept),
    KUBECONFIG: kubeconfig,
    KUBERC: 'off',
    KUBECACHEDIR: path.join(directory, 'cache', 'kubectl'),
    HELM_CACHE_HOME: path.join(directory, 'cache', 'helm'),
    HELM_CONFIG_HOME: path.join(directory, 'config', 'helm'),
    HELM_DATA_HOME: path.join(directory, 'data', 'helm'),
  };
}
