/**
 * Writes kubeconfigs: self-contained files (authority and credentials inside), readable by their owner only.
 * None of them ever turns verification off.
 */
import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { KeyPair } from './certificates.ts';

/** How the holder of a kubeconfig proves who it is. */
export type Credentials = { kind: 'certificate'; pair: KeyPair } | { kind: 'token'; token: string };

export interface KubeconfigOptions {
  /** `https://host:port`. */
  server: string;
  /** The authority that signed the server's certificate. */
  caPem: string;
  /** Names the user and is for people only: the credentials decide. */
  user: string;
  /** Default: none, which means `default`. */
  namespace?: string;
  credentials: Credentials;
}

/** Writes a kubeconfig with one cluster, user and context to `file` (mode 0600). */
export async function writeKubeconfig(file: string, options: KubeconfigOptions): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const { credentials, namespace, user } = options;
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'controlplane', cluster: { server: options.server, 'certificate-authority-data': base64(options.caPem) } },
    ],
    users: [
      {
        name: user,
        user:
          credentials.kind === 'token'
            ? { token: credentials.token }
            : {
                'client-certificate-data': base64(credentials.pair.certPem),
                'client-key-data': base64(credentials.pair.keyPem),
              },
      },
    ],
    contexts: [
      { name: 'controlplane', context: { cluster: 'controlplane', user, ...(namespace === undefined ? {} : { namespace }) } },
    ],
    'current-context': 'controlplane',
  };
  await writeFile(file, stringify(kubeconfig, { lineWidth: 0 }), { mode: 0o600 });
}
