/**
 * The reasons of permanent failures: the same request will go on failing until the owner of the server or of the manifest acts.
 * `cause` says what happened and what was expected; `remedy` begins with a verb. They are looked at again slowly, and at once on an edit.
 */
export interface PermanentText {
  readonly cause: string;
  readonly remedy: string;
}

export const PERMANENT_REASONS = {
  TLSCertificateInvalid: {
    cause: "The server's certificate is expired, revoked, for another name or from an unknown authority",
    remedy: 'Renew it, name its authority in tls.caBundleRef, or set tls.serverName to the name that it bears.',
  },
  TLSHandshakeFailed: {
    cause: 'The server and the operator could not agree on TLS',
    remedy:
      'Check that the port speaks TLS 1.2 or 1.3, and whether it wants a client certificate; use an http URL if it speaks plain HTTP.',
  },
  NotHTTP: {
    cause: 'The answer is not HTTP',
    remedy: 'Check scheme and port: the port may speak TLS or another protocol.',
  },
  HostNotAllowed: {
    cause: 'A guard of the server refused the host name that it was called by',
    remedy: "Add the host of the URL to the server's allowed hosts, or call it by a name that it allows.",
  },
  RedirectNotFollowed: {
    cause:
      'The server answers with a redirect that a probe does not follow: only 307 and 308 within the same origin, or http to https of the same host',
    remedy: 'Put the final URL of the MCP endpoint into spec.url.',
  },
  EndpointNotFound: {
    cause: 'The server has no MCP endpoint at this path',
    remedy: 'Correct the path of spec.url or serviceRef.path; usual ones are /mcp and /sse.',
  },
  MethodNotAllowed: {
    cause: 'The path does not accept POST, and GET opens no event stream there',
    remedy: 'Correct the path of spec.url or serviceRef.path to that of the MCP endpoint.',
  },
  BadRequest: {
    cause: 'The server refused a well-formed MCP request as bad, without an MCP message',
    remedy:
      'Check that the URL is that of an MCP endpoint with the right scheme (http or https), and which headers the server demands.',
  },
  RequestRejected: {
    cause: 'The server or its gateway rejected the form of the request',
    remedy: 'Check spec.headers, and the limits and rules of the gateway.',
  },
  NotMCPEndpoint: {
    cause: 'The answer is not MCP: a JSON-RPC message as JSON or as an event stream was expected',
    remedy: 'Correct the URL: it may be that of a web page, a login page or another API.',
  },
  ResponseTooLarge: {
    cause:
      'The answers pass a limit of the probe: 4 MiB and 200,000 values a body, 32 MiB and 500,000 pieces in all, 64 KiB of headers, depth 64, 64 pages and 10,000 items a list',
    remedy: 'Let the server send less, or in smaller pages.',
  },
  PaginationLoop: {
    cause: 'The server gave the same cursor twice, so its list has no end',
    remedy: 'Correct the paging of the server.',
  },
  ProtocolError: {
    cause: 'The server refused a request that the protocol demands, or one for a list that it advertises',
    remedy: 'Check that the URL is that of an MCP endpoint, and update the server.',
  },
  UnsupportedProtocolVersion: {
    cause: 'The server and the operator have no protocol version in common; the operator speaks 2024-11-05 to 2026-07-28',
    remedy: 'Update the server, or set spec.protocol to Auto.',
  },
  HeaderMismatch: {
    cause: 'The server found headers and body of the request at odds, although they agreed when they were sent',
    remedy: 'Look for a gateway that changes or drops Mcp-Method, Mcp-Name or MCP-Protocol-Version.',
  },
  ClientCapabilityRequired: {
    cause: 'The server demands a capability that a probe does not have, such as elicitation or sampling',
    remedy: 'Let the server offer its lists to clients without that capability.',
  },
  InvalidResponse: {
    cause: "The answer does not fit the protocol's schema",
    remedy: 'Update the server or its SDK.',
  },
  ServiceNotFound: {
    cause: 'The Service of serviceRef, or its port, does not exist in this namespace',
    remedy: 'Create the Service, or correct serviceRef.',
  },
  CredentialsNotFound: {
    cause: 'A Secret or ConfigMap that the spec refers to, or its key, does not exist in this namespace; nothing was sent',
    remedy: 'Create it, or correct the reference.',
  },
  CABundleNotFound: {
    cause: 'The Secret or ConfigMap of tls.caBundleRef, or its key, does not exist in this namespace; nothing was sent',
    remedy: 'Create it, or correct tls.caBundleRef.',
  },
  InvalidCredentials: {
    cause: 'A credential, key or CA bundle that the spec refers to is empty, does not parse or can not be sent; nothing was sent',
    remedy:
      'Correct the data of the Secret or ConfigMap: one value, without line breaks inside, or PEM where a key or bundle is meant.',
  },
  DestinationForbidden: {
    cause: 'The policy of the operator does not let it send this request there, and it was not sent',
    remedy: 'Choose an allowed destination and https, or ask the administrator of the operator to allow it.',
  },
  AuthorizationMisconfigured: {
    cause: 'The authorization server of auth.oauth can not be used as declared: issuer, metadata or token answer do not fit',
    remedy: 'Correct auth.oauth.issuer or auth.oauth.tokenURL, or the authorization server.',
  },
  InvalidSpec: {
    cause: 'The spec does not fit the schema of this version of the operator; nothing was sent',
    remedy: 'Correct the spec, and apply the CRD that belongs to this version of the operator.',
  },
  UnexpectedError: {
    cause: 'The probe failed in a way that the operator does not know',
    remedy: 'Look for this probe in the logs of the operator, and report it.',
  },
} as const satisfies Record<string, PermanentText>;
