/**
 * The fields of a spec that refer to a credential, a key or a bundle of authorities. A message names the one that is broken, so that
 * nobody has to try them all. Names of fields only, never what stands in them; the number is an index of `spec.headers`.
 */

/** Below `spec`. */
export type CredentialField =
  | 'auth.bearer.secretKeyRef'
  | 'auth.apiKey.secretKeyRef'
  | 'auth.oauth.clientIDFrom.secretKeyRef'
  | 'auth.oauth.clientSecretRef'
  | 'auth.oauth.privateKeyRef'
  | `headers[${number}].valueFrom`
  | 'tls.caBundleRef'
  | 'tls.clientCertificateRef';
