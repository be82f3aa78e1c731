/**
 * The spec of an MCPServer: what a user declares. The zod schema is the only source: types, runtime parsing, the CRD and its
 * documentation are derived from it. Defaults live here alone; they are served by the API server. Fields that an operator does not
 * know are dropped and never an error: a newer CRD may serve new defaults before the operator itself is replaced.
 */
import * as z from 'zod';
import { Auth, Header, KeySource, MAX_HEADERS } from './auth.ts';
import { anyText, DNS_LABEL_PATTERN, digestText, objectName, urlText } from './text.ts';

/** The default time-out of one HTTP request, shared by the CRD default, the chart's documented value and the code. */
export const DEFAULT_TIMEOUT_SECONDS = 10;

/** Most names in `expect.tools`. */
export const MAX_EXPECTED_TOOLS = 256;

const DAY_SECONDS = 86_400;

/** An integer of `min` … `max` with a default. */
const whole = (min: number, max: number, byDefault: number) => z.int().min(min).max(max).default(byDefault);

const ServiceRef = z.object({
  name: z
    .string()
    .min(1)
    .max(63)
    .regex(new RegExp(DNS_LABEL_PATTERN))
    .describe('Name of the Service, in the namespace of the MCPServer.'),
  port: z
    // The bounds of the number can not be said in a CRD: a rule holds them.
    .union([z.int(), z.string().max(63)])
    .describe('Port of the Service: its number (1 to 65535) or its name.'),
  path: z
    .string()
    .max(1024)
    // One slash first and no second: a relative reference that begins with two names another host.
    .regex(/^\/([A-Za-z0-9._~!$&'()*+,;=:@%?-][A-Za-z0-9._~!$&'()*+,;=:@%?/-]*)?$/)
    .default('/mcp')
    .describe('Path of the MCP endpoint, beginning with one slash; a query may follow.'),
  scheme: z.enum(['http', 'https']).default('http').describe('Scheme of the URL.'),
});

const TLS = z.object({
  caBundleRef: KeySource.optional().describe(
    'PEM bundle of certificate authorities, added to the system roots. Holds for the authorization server of auth.oauth too.',
  ),
  systemRoots: z
    .boolean()
    .default(true)
    .describe('Whether the system roots are trusted. false: the caBundleRef alone is, and must be set.'),
  clientCertificateRef: z
    .object({ name: objectName().describe('Name of the Secret, in the namespace of the MCPServer.') })
    .optional()
    .describe('A Secret of type kubernetes.io/tls that holds a client certificate and its key.'),
  serverName: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/)
    .optional()
    .describe('Name that the server certificate must bear, and that is sent as SNI. Default: the host of the URL.'),
  insecureSkipVerify: z
    .boolean()
    .default(false)
    .describe('Accepts any server certificate. Works only where the administrator of the operator allows it.'),
});

const Probe = z.object({
  periodSeconds: whole(10, DAY_SECONDS, 300).describe(
    'Time between two probes of a healthy server; 10 % of jitter is added or taken.',
  ),
  timeoutSeconds: whole(1, 300, DEFAULT_TIMEOUT_SECONDS).describe(
    'Longest time for one HTTP request, from connect to the last byte.',
  ),
  deadlineSeconds: whole(1, 600, 30).describe(
    'Longest time for one whole probe, all its attempts included; at least timeoutSeconds.',
  ),
  failureThreshold: whole(1, 10, 3).describe('Transient failures in a row before a Ready server stops being Ready.'),
  progressDeadlineSeconds: whole(0, DAY_SECONDS, 600).describe(
    'How long transient failures may last before they are called permanent; 0 means for ever.',
  ),
  recheckSeconds: whole(30, DAY_SECONDS, 600).describe('Time between two probes of a permanent or denied server.'),
});

const Retry = z.object({
  attempts: whole(1, 5, 3).describe('Attempts inside one probe, for failures that often heal within a second.'),
  initialBackoffSeconds: whole(1, 3600, 5).describe('Wait after the first transient failure; it doubles with each further one.'),
  maxBackoffSeconds: whole(1, DAY_SECONDS, 300).describe('Longest wait between two retries; at least initialBackoffSeconds.'),
});

const Expect = z.object({
  tools: z
    .array(anyText(128))
    .max(MAX_EXPECTED_TOOLS)
    .refine((names) => new Set(names).size === names.length)
    .meta({ 'x-kubernetes-list-type': 'set' })
    .optional()
    .describe('Names of tools that the server must offer to this identity; else the object is not Ready, reason ToolsMissing.'),
});

const Drift = z.object({
  policy: z
    .enum(['Report', 'Require'])
    .default('Report')
    .describe('Report tells of a changed catalogue; Require makes the object not Ready when the digest differs.'),
  digest: digestText()
    .optional()
    .describe('Digest that the catalogue must have, as in status.capabilities.digest: sha256: and 64 lower-case hex digits.'),
});

export const MCPServerSpec = z
  .object({
    url: urlText()
      .optional()
      .describe(
        'Full URL of the MCP endpoint, http or https; nothing is appended. No user name, password or fragment. Exactly one of url and serviceRef.',
      ),
    serviceRef: ServiceRef.optional().describe('A Service in the same namespace. Exactly one of url and serviceRef.'),
    transport: z
      .enum(['Auto', 'StreamableHTTP', 'SSE'])
      .default('Auto')
      .describe('Transport of the server. Auto tries Streamable HTTP, then HTTP+SSE.'),
    protocol: z
      .enum(['Auto', 'Modern', 'Legacy'])
      .default('Auto')
      .describe(
        'Era of the protocol: Modern is 2026-07-28 (stateless), Legacy is 2024-11-05 to 2025-11-25 (initialize, sessions). Auto detects it.',
      ),
    headers: z
      .array(Header)
      .max(MAX_HEADERS)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .optional()
      .describe('Extra request headers.'),
    auth: Auth.prefault({}).describe('How requests are authenticated.'),
    tls: TLS.prefault({}).describe('How the server certificate is checked, and the client certificate.'),
    probe: Probe.prefault({}).describe('When and how long the server is probed. The names are those of Pod probes.'),
    retry: Retry.prefault({}).describe('How transient failures are tried again.'),
    expect: Expect.optional().describe('What the server must offer to be Ready.'),
    drift: Drift.prefault({}).describe('What happens when the catalogue of the server changes.'),
    suspend: z.boolean().default(false).describe('true stops probing; the status stays as it is.'),
  })
  .describe('The MCP server to probe, and how.');

/** A parsed spec: every default is filled in. */
export type MCPServerSpec = z.output<typeof MCPServerSpec>;
