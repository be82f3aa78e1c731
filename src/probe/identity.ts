/**
 * Who one probe speaks for: the credentials that its spec declares, read when it begins, read again when a server refuses them, and told
 * to the audit log when they left. It holds them for this probe alone. What can not be read is never replaced by an anonymous probe.
 */
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import { type Credentials, type CredentialsRead, readCredentials, sameCredentials } from './credentials.ts';
import type { Lifeline } from './lifeline.ts';
import { type OAuthDeps, obtainToken } from './oauth.ts';
import { readOAuthClient } from './oauth-client.ts';
import type { References } from './ports.ts';
import type { CredentialUse } from './probe-log.ts';
import type { Target } from './target.ts';

export interface IdentityDeps extends OAuthDeps {
  readonly references: References;
  readonly audit: (use: Pick<CredentialUse, 'host' | 'fingerprint' | 'decision' | 'reason'>) => void;
}

export type IdentityRead = CredentialsRead | { readonly kind: 'aborted' };

export interface Identity {
  /** Reads everything that is declared. */
  read(): Promise<IdentityRead>;
  /** After a refusal: reads it again, with a token of its own. Undefined when it is the same, or can not be had. */
  renew(refused: Credentials): Promise<Credentials | undefined>;
  /** Tells the audit log that `credentials` went to the server, once for each value and probe. */
  noteSent(credentials: Credentials): void;
  /** Tells the audit log, once for each probe, that a handshake with the server began for which the client certificate was at hand. */
  noteCertificate(fingerprint: string): void;
}

/** The identity of `spec` in `namespace`, towards `target`. Reads nothing before it is asked to. */
export function createIdentity(deps: IdentityDeps, spec: MCPServerSpec, namespace: string, target: Target): Identity {
  const { lifeline, references, policy } = deps;
  const told = new Set<string>();
  const { host } = target;

  const read = async (): Promise<IdentityRead> => {
    const declared = await ask(
      lifeline,
      readCredentials(
        spec,
        namespace,
        target,
        { references, policy, wallMs: () => deps.clock.wallMs(), audit: (use) => deps.audit({ host, ...use }) },
        lifeline.signal,
      ),
    );
    const { oauth } = spec.auth;
    if (declared.kind !== 'read' || spec.auth.type !== 'OAuthClientCredentials' || oauth === undefined) return declared;
    const found = await ask(lifeline, readOAuthClient(oauth, namespace, target, references, lifeline.signal));
    if (found.kind !== 'read') return found;
    const obtained = await obtainToken(deps, namespace, target, found.client);
    if (obtained.kind !== 'obtained') return obtained;
    const { token, key, hidden } = obtained;
    const { headers, secrets } = declared.credentials;
    return {
      kind: 'read',
      credentials: {
        ...declared.credentials,
        headers: ['Authorization', token.revealHeader(), ...headers],
        secrets: [token, ...secrets],
        hidden,
        token: { key, value: token },
      },
    };
  };

  const tell = (fingerprint: string) => {
    if (told.has(fingerprint)) return;
    told.add(fingerprint);
    deps.audit({ host, fingerprint, decision: 'sent' });
  };
  return {
    read,
    async renew(refused) {
      if (refused.token !== undefined) deps.tokens.drop(refused.token.key, refused.token.value);
      const again = await read();
      return again.kind !== 'read' || sameCredentials(again.credentials, refused) ? undefined : again.credentials;
    },
    noteSent({ secrets }) {
      for (const secret of secrets) tell(secret.fingerprint());
    },
    noteCertificate: tell,
  };
}

/** Waits for the API server's answers, but no longer than the probe may last. */
export async function ask<T extends { readonly kind: string }>(
  lifeline: Lifeline,
  work: Promise<T>,
): Promise<T | { readonly kind: 'aborted' } | { readonly kind: 'unavailable' }> {
  const raced = await lifeline.race(work);
  if (raced.kind === 'done') return raced.value;
  return raced.why === 'aborted' ? { kind: 'aborted' } : { kind: 'unavailable' };
}
