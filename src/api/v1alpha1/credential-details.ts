/**
 * What exactly is wrong with data that a spec refers to: one sentence for each fact, added to the message of the reason InvalidCredentials.
 * The sentences name fields of the spec and forms, never a value: it may be a secret.
 */
import { AUTHORIZATION_DETAILS } from './authorization-details.ts';

/** Sentences by fact. */
export const CREDENTIAL_DETAILS = {
  emptyValue: 'The value is empty.',
  controlCharacter:
    'The value holds a control character, such as a line break or a NUL, that no header can carry; one newline at its end would be dropped.',
  encoding: 'The value is not UTF-8 text, which a form must be.',
  valueTooLong: 'The value is longer than 12 KiB, which no usual server accepts in a header.',
  caBundle: 'What tls.caBundleRef names holds no certificate in PEM form, or one that does not parse.',
  clientCertificate:
    'What tls.clientCertificateRef names holds no certificate (tls.crt) and key (tls.key) in PEM form that belong together.',
  clientKey: 'What auth.oauth.privateKeyRef names holds no private key, as PEM or JWK, that can sign with its algorithm.',
} as const satisfies Record<string, string>;

/** One fact about a credential, key or bundle. */
export type CredentialDetail = keyof typeof CREDENTIAL_DETAILS;

/** Everything that a verdict can add to the sentence of its reason. */
export const DETAILS = { ...AUTHORIZATION_DETAILS, ...CREDENTIAL_DETAILS } as const;
export type Detail = keyof typeof DETAILS;
