/**
 * The spec of an MCPServer: what a user declares. The zod schema is the only source: types, runtime parsing, the CRD and its
 * documentation are derived from it. Defaults live here alone; they are served by the API server.
 */
import * as z from 'zod';

/** The default time-out of one HTTP request, shared by the CRD default, the chart's documented value and the code. */
export const DEFAULT_TIMEOUT_SECONDS = 10;

const objectName = () => z.string().min(1).max(253);
const dataKey = () =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[-._a-zA-Z0-9]+$/);

const KeyRef = z.strictObject({
  name: objectName().describe('Name of the object in the namespace of the MCPServer.'),
  key: dataKey().describe('Key in its data.'),
});

const HeaderSource = z.strictObject({
  secretKeyRef: KeyRef.optional(),
  configMapKeyRef: KeyRef.optional(),
});

const Header = z.strictObject({
  name: z.string().min(1).max(128).describe('Header name, case-insensitive.'),
  value: z.string().max(4096).optional().describe('Literal value. Secrets belong into valueFrom.'),
  valueFrom: HeaderSource.optional(),
});

const OAuth = z.strictObject({
  issuer: z.string().max(2048),
  clientID: z.string().min(1).max(512).optional(),
  clientIDFrom: z.strictObject({ secretKeyRef: KeyRef }).optional(),
  clientSecretRef: KeyRef.optional(),
  privateKeyRef: z
    .strictObject({
      name: objectName(),
      key: dataKey(),
      alg: z.enum(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']).optional(),
      kid: z.string().max(256).optional(),
    })
    .optional(),
  scopes: z.array(z.string().min(1).max(256)).max(32).optional(),
  resource: z.string().max(2048).optional(),
  tokenURL: z.string().max(2048).optional(),
});

const Auth = z.strictObject({
  type: z.enum(['None', 'Bearer', 'APIKey', 'OAuthClientCredentials']).default('None'),
  bearer: z.strictObject({ secretKeyRef: KeyRef }).optional(),
  apiKey: z.strictObject({ header: z.string().min(1).max(128).default('X-API-Key'), secretKeyRef: KeyRef }).optional(),
  oauth: OAuth.optional(),
});

const TLS = z.strictObject({
  caBundleRef: z.strictObject({ configMapKeyRef: KeyRef.optional(), secretKeyRef: KeyRef.optional() }).optional(),
  systemRoots: z.boolean().default(true),
  clientCertificateRef: z.strictObject({ name: objectName() }).optional(),
  serverName: z.string().min(1).max(253).optional(),
  insecureSkipVerify: z.boolean().default(false),
});

const Probe = z.strictObject({
  periodSeconds: z.int().min(10).max(86400).default(300),
  timeoutSeconds: z.int().min(1).max(300).default(DEFAULT_TIMEOUT_SECONDS),
  deadlineSeconds: z.int().min(1).max(600).default(30),
  failureThreshold: z.int().min(1).max(10).default(3),
  progressDeadlineSeconds: z.int().min(0).max(86400).default(600),
  recheckSeconds: z.int().min(30).max(86400).default(600),
});

const Retry = z.strictObject({
  attempts: z.int().min(1).max(5).default(3),
  initialBackoffSeconds: z.int().min(1).max(3600).default(5),
  maxBackoffSeconds: z.int().min(1).max(86400).default(300),
});

export const MCPServerSpec = z.strictObject({
  url: z.string().min(1).max(2048).optional(),
  serviceRef: z
    .strictObject({
      name: z.string().min(1).max(63),
      port: z.union([z.int().min(1).max(65535), z.string().min(1).max(63)]),
      path: z.string().max(1024).default('/mcp'),
      scheme: z.enum(['http', 'https']).default('http'),
    })
    .optional(),
  transport: z.enum(['Auto', 'StreamableHTTP', 'SSE']).default('Auto'),
  protocol: z.enum(['Auto', 'Modern', 'Legacy']).default('Auto'),
  headers: z.array(Header).max(32).optional(),
  auth: Auth.prefault({}),
  tls: TLS.prefault({}),
  probe: Probe.prefault({}),
  retry: Retry.prefault({}),
  expect: z.strictObject({ tools: z.array(z.string().min(1).max(128)).max(256).optional() }).optional(),
  drift: z
    .strictObject({
      policy: z.enum(['Report', 'Require']).default('Report'),
      digest: z.string().max(71).optional(),
    })
    .prefault({}),
  suspend: z.boolean().default(false),
});

/** A parsed spec: every default is filled in. */
export type MCPServerSpec = z.output<typeof MCPServerSpec>;
