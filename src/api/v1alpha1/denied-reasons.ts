/**
 * The reasons of denials: the server was reached and this identity was refused, or must not be used there. `{identity}` in `cause`
 * stands for the identity that was declared. Nothing here promises that the same identity is sent again; `remedy` begins with a verb.
 */
export interface DeniedText {
  readonly cause: string;
  readonly remedy: string;
}

export const DENIED_REASONS = {
  ClientCertificateRejected: {
    cause: 'The server refused the client certificate of this MCPServer, or demands one where none is declared',
    remedy: 'Name a certificate that the server trusts in tls.clientCertificateRef.',
  },
  AuthenticationRequired: {
    cause: 'The server demands authentication and refused the anonymous identity of this MCPServer',
    remedy: 'Declare a credential in spec.auth or spec.headers.',
  },
  CredentialsRejected: {
    cause: 'The server did not accept {identity}',
    remedy: 'Renew the credential, and check its issuer, audience and validity.',
  },
  InteractiveAuthorizationRequired: {
    cause: 'The authorization server lets only people in, through a browser, and refused {identity}',
    remedy: 'Register a client with the grant client_credentials, or declare a fixed token with auth.type Bearer.',
  },
  AccessDenied: {
    cause: 'The server denied access to {identity}',
    remedy: 'Grant it access at the server or its gateway, or declare another identity.',
  },
  InsufficientScope: {
    cause: 'The scopes of {identity} do not suffice for this server',
    remedy: 'Grant the missing scopes, or ask for them in auth.oauth.scopes.',
  },
  ProxyAuthenticationRequired: {
    cause: 'A proxy before the server demands authentication and refused {identity}',
    remedy: 'Let the operator pass the proxy, or call the server without it.',
  },
  LoginRedirect: {
    cause: 'The server did not take {identity} and redirects to a login page of another origin',
    remedy: 'Declare a credential that the server accepts without a browser, or let its gateway pass such clients.',
  },
  SecretNotBoundToHost: {
    cause: 'This host is not among the allowed hosts of {identity}, which was not sent',
    remedy: 'Add the host to the annotation mcpserver-operator.dev/allowed-hosts of the Secret, or correct the URL.',
  },
  TokenExpired: {
    cause: 'The expiry time of {identity} is over, and it was not sent',
    remedy: 'Put a new token into the Secret.',
  },
  TokenRequestRejected: {
    cause: 'The authorization server refused a token to {identity}',
    remedy: 'Check client identifier, secret or key, grant, scopes and resource in auth.oauth.',
  },
} as const satisfies Record<string, DeniedText>;
