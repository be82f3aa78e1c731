/**
 * The reasons of transient failures: expected to heal by themselves, and retried. `cause` says what happened, in words that stay true
 * when it has lasted too long and is called permanent; `outlook` is said only while it is transient; `remedy` begins with a verb.
 */
export interface TransientText {
  readonly cause: string;
  /** What probably goes on; default: nothing but that it will be retried. */
  readonly outlook?: string;
  readonly remedy: string;
}

const BUSY = 'the server may be starting or overloaded';
const STARTING = 'the server may be starting';

export const TRANSIENT_REASONS = {
  DNSLookupFailed: {
    cause: 'The DNS server gave no answer for the name of the host',
    remedy: 'Look at the cluster DNS and at the network policies between it and the operator.',
  },
  HostNotFound: {
    cause: 'DNS knows no such host',
    outlook: 'a new record takes a while to spread',
    remedy: 'Check the host in spec.url, or that the Service exists and has endpoints.',
  },
  ConnectionRefused: {
    cause: 'Nothing listens at the address and port of the server',
    outlook: STARTING,
    remedy: 'Check the port, and that the Pods of the server are ready.',
  },
  HostUnreachable: {
    cause: 'The network has no route to the host',
    remedy: 'Check the address, the routes and the network policies.',
  },
  ConnectTimeout: {
    cause: 'The server did not accept a connection within probe.timeoutSeconds',
    outlook: BUSY,
    remedy: 'Check the port, firewalls and network policies: one of them may drop packets.',
  },
  ConnectionReset: {
    cause: 'The server or something before it closed the connection before it had answered',
    outlook: BUSY,
    remedy: "Look at the server's own logs, at restarts of its Pods, and at the client certificate if it demands one.",
  },
  RequestTimeout: {
    cause: 'The server did not answer a request in time',
    outlook: BUSY,
    remedy: "Look at the server's own logs, or raise probe.timeoutSeconds if it is slow by nature.",
  },
  ProbeTimeout: {
    cause: 'The whole probe did not end within probe.deadlineSeconds',
    outlook: BUSY,
    remedy: "Look at the server's own logs, or raise probe.deadlineSeconds if its lists are long or slow.",
  },
  TLSHandshakeTimeout: {
    cause: 'The TLS handshake did not end in time',
    outlook: BUSY,
    remedy: 'Check that the port speaks TLS, and the load of the server.',
  },
  TLSCertificateNotYetValid: {
    cause: "The server's certificate is not valid yet",
    outlook: 'its time may be near',
    remedy: 'Compare the clocks of the server, its certificate authority and the node of the operator.',
  },
  RateLimited: {
    cause: 'The server or its gateway asked for fewer requests',
    remedy: 'Raise probe.periodSeconds, or the rate limit for the operator.',
  },
  ServerError: {
    cause: 'The server or its gateway answered with a server error instead of an MCP message',
    outlook: BUSY,
    remedy: "Look at the server's own logs and at its gateway.",
  },
  ServerUnavailable: {
    cause: 'The server or its gateway answered that the service is unavailable',
    outlook: BUSY,
    remedy: "Look at the server's own logs, and at the ready replicas behind its gateway.",
  },
  AuthorizationTimeout: {
    cause: "The gateway's authorization call timed out, so nobody decided about access",
    outlook: 'the authorization service may be starting or overloaded',
    remedy: "Look at the authorization service, or raise the gateway's time-out for it to 10 s and let the gateway answer 503.",
  },
  AuthorizationUnavailable: {
    cause: 'The gateway could not reach its authorization service, so nobody decided about access',
    outlook: 'that service may be starting or overloaded',
    remedy: 'Look at the authorization service, and let the gateway answer 503 when it is away.',
  },
  AuthorizationServerUnavailable: {
    cause: 'The authorization server of auth.oauth could not be reached, or answered that it is overloaded',
    outlook: 'it may be starting or overloaded',
    remedy: 'Look at the authorization server, and at the network between it and the operator.',
  },
  SessionLost: {
    cause: 'The server did not know the session that it had just opened, twice in a row',
    outlook: 'the server may be starting anew',
    remedy: 'Give its replicas session affinity or a shared session store, or make the server stateless.',
  },
  IncompleteResponse: {
    cause: 'The answer ended before the JSON-RPC message was complete',
    outlook: 'the server may be starting anew',
    remedy: 'Look at restarts of the server, and at the time-outs and buffers of gateways.',
  },
  ServerReportedError: {
    cause: 'The server answered with a JSON-RPC error of its own',
    outlook: BUSY,
    remedy: "Look at the server's own logs.",
  },
} as const satisfies Record<string, TransientText>;
