/**
 * The part of a spec that says who is asking: extra headers and the `auth` union. Values of credentials are never here, only the names
 * of the Secrets that hold them, always in the namespace of the MCPServer. Cross-field rules are in `rules.ts`.
 */
import * as z from 'zod';
import { dataKey, headerName, objectName, urlText } from './text.ts';

/** Most headers in one spec: 32 names of 128 and values of 4,096 characters are 132 KiB, well below etcd's 1.5 MiB. */
export const MAX_HEADERS = 32;

const secretKeyRef = () =>
  z.object({
    name: objectName().describe('Name of the Secret, in the namespace of the MCPServer.'),
    key: dataKey().describe('Key in the data of the Secret.'),
  });

const configMapKeyRef = () =>
  z.object({
    name: objectName().describe('Name of the ConfigMap, in the namespace of the MCPServer.'),
    key: dataKey().describe('Key in the data of the ConfigMap.'),
  });

/** Exactly one of a Secret's and a ConfigMap's key. */
export const KeySource = z.object({
  secretKeyRef: secretKeyRef().optional().describe('Takes the value from a key of a Secret.'),
  configMapKeyRef: configMapKeyRef().optional().describe('Takes the value from a key of a ConfigMap.'),
});

/** One extra request header. */
export const Header = z.object({
  name: headerName().describe(
    'Name of the header; upper and lower case are the same. Headers that the operator or HTTP itself sets (such as Host, Accept, Content-Type, Connection and Mcp-Session-Id) are refused.',
  ),
  value: z
    .string()
    .max(4096)
    .optional()
    .describe(
      'Literal value: printable ASCII, spaces and tabs. Refused for Authorization, Cookie and names with token, secret, password or api-key: those belong into valueFrom.',
    ),
  valueFrom: KeySource.optional().describe(
    'Takes the value from a Secret or a ConfigMap, read at each probe. One newline at the end is dropped.',
  ),
});
export type Header = z.output<typeof Header>;

const OAuth = z.object({
  issuer: urlText().describe(
    'Issuer of the authorization server: an https URL without query. Its metadata is discovered from there (RFC 8414 or OpenID Connect) and must name the same issuer.',
  ),
  clientID: z
    .string()
    .min(1)
    .max(512)
    .regex(/^[ -~]+$/)
    .optional()
    .describe('Client identifier. Exactly one of clientID and clientIDFrom.'),
  clientIDFrom: z
    .object({ secretKeyRef: secretKeyRef().describe('Key of a Secret that holds the client identifier.') })
    .optional()
    .describe('Takes the client identifier from a Secret. Exactly one of clientID and clientIDFrom.'),
  clientSecretRef: secretKeyRef()
    .optional()
    .describe('Key of a Secret that holds the client secret. Exactly one of clientSecretRef and privateKeyRef.'),
  privateKeyRef: z
    .object({
      name: objectName().describe('Name of the Secret, in the namespace of the MCPServer.'),
      key: dataKey().describe('Key in the data of the Secret: a private key in PEM (PKCS #8) or JWK form.'),
      alg: z
        .enum(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])
        .optional()
        .describe('Algorithm of the client assertion. Default: the usual one for the kind of key.'),
      kid: z
        .string()
        .min(1)
        .max(256)
        .regex(/^[ -~]+$/)
        .optional()
        .describe('Key identifier for the header of the client assertion.'),
    })
    .optional()
    .describe('Private key for client authentication by JWT (RFC 7523). Exactly one of clientSecretRef and privateKeyRef.'),
  scopes: z
    .array(
      z
        .string()
        .min(1)
        .max(256)
        .regex(/^[!#-[\]-~]+$/),
    )
    .max(32)
    .refine((scopes) => new Set(scopes).size === scopes.length)
    .meta({ 'x-kubernetes-list-type': 'set' })
    .optional()
    .describe('Scopes to ask for (RFC 6749). Default: those that the authorization server gives unasked.'),
  resource: urlText()
    .optional()
    .describe('Resource indicator (RFC 8707): the URL that the token is meant for. Default: the URL of the server.'),
  resourceIndicator: z
    .enum(['Send', 'Omit'])
    .default('Send')
    .describe(
      'Whether token requests name the resource. Omit is for authorization servers that refuse resource indicators, with invalid_target or invalid_request.',
    ),
  tokenURL: urlText().optional().describe('Token endpoint, where discovery should not be used.'),
});
export type OAuth = z.output<typeof OAuth>;

/** How requests are authenticated: a union by `type`, written the Kubernetes way. */
export const Auth = z.object({
  type: z
    .enum(['None', 'Bearer', 'APIKey', 'OAuthClientCredentials'])
    .default('None')
    .describe(
      'Kind of authentication. Bearer, APIKey and OAuthClientCredentials need the field bearer, apiKey and oauth; None needs no other.',
    ),
  bearer: z
    .object({ secretKeyRef: secretKeyRef().describe('Key of a Secret that holds the token, without the word Bearer.') })
    .optional()
    .describe('A fixed token, sent as Authorization: Bearer. Only with type Bearer.'),
  apiKey: z
    .object({
      header: headerName().default('X-API-Key').describe('Header that carries the key.'),
      secretKeyRef: secretKeyRef().describe('Key of a Secret that holds the API key.'),
    })
    .optional()
    .describe('A fixed key in a header of its own. Only with type APIKey.'),
  oauth: OAuth.optional().describe(
    'OAuth 2 client credentials: a token is fetched, sent as Authorization: Bearer and renewed. Only with type OAuthClientCredentials.',
  ),
});
export type Auth = z.output<typeof Auth>;
