/**
 * Specs that are allowed, and specs that are refused with the field and the words of the refusal. The pure tests give them to
 * `parseSpec`, the cluster tests to a real API server: both must agree on every one.
 */

/** A spec that is refused. `field` is a child of the object, as the API server prints it. */
export interface RefusedSpec {
  readonly title: string;
  readonly spec: unknown;
  readonly field: string;
  /** Part of the message of the API server. */
  readonly says: string;
  /** Whether a row of `rules.ts` refuses it; else a type, bound, pattern or enum does. */
  readonly byRule: boolean;
}

const URL_FIELD = { url: 'https://example.com/mcp' };
const secret = (key = 'token') => ({ name: 'credentials', key });
const secretKeyRef = secret();
const oauth = (changes: Record<string, unknown> = {}) => ({
  type: 'OAuthClientCredentials',
  oauth: { issuer: 'https://login.example.com/realms/a', clientID: 'probe', clientSecretRef: secret(), ...changes },
});

/** With the field that is tested beside a plain URL. */
export const specWith = (fields: Record<string, unknown>) => ({ ...URL_FIELD, ...fields });

const byRule = (title: string, spec: unknown, field: string, says: string): RefusedSpec => ({
  title,
  spec,
  field,
  says,
  byRule: true,
});
const bySchema = (title: string, spec: unknown, field: string, says: string): RefusedSpec => ({
  title,
  spec,
  field,
  says,
  byRule: false,
});
const url = (title: string, value: string, says: string) => byRule(`a URL ${title}`, { url: value }, 'spec.url', says);
const header = (title: string, item: Record<string, unknown>, field: string, says: string) =>
  byRule(`a header ${title}`, specWith({ headers: [item] }), `spec.headers[0]${field}`, says);

const FORM = 'url must be http(s)://host[:port][/path][?query]';

export const ALLOWED_URLS = [
  'http://example.com',
  'https://example.com/',
  'https://example.com:8443/mcp/',
  'http://mcp.team-a.svc.cluster.local:8080/mcp',
  'http://localhost:3000/sse?profile=a&x=%20',
  'http://a_b.example.com./mcp',
  'http://1svc/mcp',
  'http://mcp.2team/mcp',
  'http://xn--mnchen-3ya.de/mcp',
  'http://127.0.0.1:8080/mcp',
  'http://255.255.255.255:65535/mcp',
  'http://[::1]:8080/mcp',
  'http://[2001:db8::1]/mcp',
  'http://[1:2:3:4:5:6:7:8]/mcp',
  'http://[1:2:3:4:5:6:7::]/mcp',
  'http://[::ffff:7f00:1]/mcp',
  'https://example.com/@scope/mcp?to=a@b',
  `https://example.com/${'a'.repeat(2028)}`,
];

export const REFUSED: readonly RefusedSpec[] = [
  byRule('no target', {}, 'spec', 'exactly one of url and serviceRef must be set'),
  byRule(
    'two targets',
    specWith({ serviceRef: { name: 'weather', port: 80 } }),
    'spec',
    'exactly one of url and serviceRef must be set',
  ),
  url('of another scheme', 'ftp://example.com/mcp', 'url must begin with http:// or https://'),
  url('without a scheme', 'example.com/mcp', 'url must begin with http:// or https://'),
  url('with user info', 'https://user:canary@example.com/mcp', 'url must not hold a user name or password'),
  url('with a user alone', 'https://user@example.com/mcp', 'url must not hold a user name or password'),
  url('with a fragment', 'https://example.com/mcp#x', 'url must not hold a fragment'),
  url('without a host', 'http:///mcp', FORM),
  url('with a space', 'http://exa mple.com/mcp', FORM),
  url('with a line break', 'http://example.com/mcp\r\nX: y', FORM),
  url('with a backslash', 'http://example.com\\@evil.example.com/mcp', 'url must not hold a user name or password'),
  url('with a backslash in its path', 'http://example.com/a\\b', FORM),
  url('with port 0', 'http://example.com:0/mcp', FORM),
  url('with port 65536', 'http://example.com:65536/mcp', FORM),
  url('with a named port', 'http://example.com:http/mcp', FORM),
  url('with an IPv4 address out of range', 'http://256.1.1.1/mcp', FORM),
  url('with an IPv4 address as one number', 'http://2130706433/mcp', FORM),
  url('with an IPv4 address in hex', 'http://0x7f.1/mcp', FORM),
  url('with an IPv4 address of five parts', 'http://1.2.3.4.5/mcp', FORM),
  url('with a short IPv6 address', 'http://[1:2:3]/mcp', FORM),
  url('with an IPv6 address of nine groups', 'http://[1:2:3:4:5:6:7:8:9]/mcp', FORM),
  url('with two gaps in an IPv6 address', 'http://[1::2::3]/mcp', FORM),
  url('with an IPv6 zone', 'http://[fe80::1%25eth0]/mcp', FORM),
  url('with a host in Unicode', 'http://münchen.de/mcp', FORM),
  url('with a broken escape', 'http://example.com/%zz', FORM),
  bySchema('an empty URL', { url: '' }, 'spec.url', 'should be at least 1 chars long'),
  bySchema(
    'a URL of 2049 characters',
    { url: `https://example.com/${'a'.repeat(2029)}` },
    'spec.url',
    'may not be more than 2048',
  ),
  bySchema('a Service named in capitals', { serviceRef: { name: 'Weather', port: 80 } }, 'spec.serviceRef.name', 'should match'),
  bySchema('a Service without a port', { serviceRef: { name: 'weather' } }, 'spec.serviceRef.port', 'Required value'),
  byRule('port 0', { serviceRef: { name: 'weather', port: 0 } }, 'spec.serviceRef.port', 'port must be a number from 1 to 65535'),
  byRule('port 65536', { serviceRef: { name: 'weather', port: 65_536 } }, 'spec.serviceRef.port', 'port must be a number from 1'),
  byRule(
    'a port name in capitals',
    { serviceRef: { name: 'weather', port: 'HTTP' } },
    'spec.serviceRef.port',
    'or the name of a port',
  ),
  byRule('a port number as text', { serviceRef: { name: 'weather', port: '8080' } }, 'spec.serviceRef.port', 'not digits alone'),
  bySchema(
    'a long port name',
    { serviceRef: { name: 'weather', port: 'a'.repeat(64) } },
    'spec.serviceRef.port',
    'may not be more than 63',
  ),
  bySchema(
    'a path without a slash',
    { serviceRef: { name: 'weather', port: 80, path: 'mcp' } },
    'spec.serviceRef.path',
    'should match',
  ),
  bySchema(
    'a path with two slashes',
    { serviceRef: { name: 'weather', port: 80, path: '//e.com' } },
    'spec.serviceRef.path',
    'should match',
  ),
  bySchema(
    'another scheme',
    { serviceRef: { name: 'weather', port: 80, scheme: 'ftp' } },
    'spec.serviceRef.scheme',
    'supported values',
  ),
  bySchema('another transport', specWith({ transport: 'stdio' }), 'spec.transport', 'supported values'),
  byRule(
    'the old transport with the new protocol',
    specWith({ transport: 'SSE', protocol: 'Modern' }),
    'spec.transport',
    'protocol Modern has no transport SSE',
  ),
  bySchema('another protocol', specWith({ protocol: '2025-11-25' }), 'spec.protocol', 'supported values'),
  header(
    'that HTTP sets',
    { name: 'Host', value: 'a' },
    '.name',
    'name must not be a header that the operator or HTTP itself sets',
  ),
  header('of the protocol', { name: 'MCP-Session-ID', value: 'a' }, '.name', 'name must not be a header that the operator'),
  header('of a parameter of the protocol', { name: 'Mcp-Param-City', value: 'a' }, '.name', 'mcp-param-*'),
  header('without a value', { name: 'X-Team' }, '', 'exactly one of value and valueFrom must be set'),
  header(
    'with two values',
    { name: 'X-Team', value: 'a', valueFrom: { secretKeyRef } },
    '',
    'exactly one of value and valueFrom',
  ),
  header('with no source', { name: 'X-Team', valueFrom: {} }, '.valueFrom', 'exactly one of secretKeyRef and configMapKeyRef'),
  header(
    'with two sources',
    { name: 'X-Team', valueFrom: { secretKeyRef, configMapKeyRef: secretKeyRef } },
    '.valueFrom',
    'exactly one of secretKeyRef and configMapKeyRef',
  ),
  ...['Authorization', 'Cookie', 'X-Auth-Token', 'client-secret', 'X-API-Key', 'x_api_key', 'apikey', 'X-Password'].map((name) =>
    header(`${name} with a literal value`, { name, value: 'canary' }, '.value', 'use valueFrom.secretKeyRef'),
  ),
  header('with a line break', { name: 'X-Team', value: 'a\r\nX-Evil: 1' }, '.value', 'value may hold printable ASCII characters'),
  header('with a control character', { name: 'X-Team', value: 'a\u0000' }, '.value', 'value may hold printable ASCII characters'),
  header('in Unicode', { name: 'X-Team', value: 'Zürich' }, '.value', 'value may hold printable ASCII characters'),
  bySchema(
    'a header name with a colon',
    specWith({ headers: [{ name: 'X:Y', value: 'a' }] }),
    'spec.headers[0].name',
    'should match',
  ),
  bySchema(
    'a header value of 4097',
    specWith({ headers: [{ name: 'X', value: 'a'.repeat(4097) }] }),
    'spec.headers[0].value',
    '4096',
  ),
  bySchema(
    '33 headers',
    specWith({ headers: Array.from({ length: 33 }, (_, index) => ({ name: `X-${index}`, value: 'a' })) }),
    'spec.headers',
    'must have at most 32 items',
  ),
  byRule(
    'two headers that differ in case',
    specWith({
      headers: [
        { name: 'X-Team', value: 'a' },
        { name: 'x-team', value: 'b' },
      ],
    }),
    'spec.headers',
    'each header may be named once',
  ),
  bySchema(
    'a Secret named in capitals',
    specWith({ auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'A', key: 'a' } } } }),
    'spec.auth.bearer.secretKeyRef.name',
    'should match',
  ),
  bySchema(
    'a key with a slash',
    specWith({ auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'a', key: 'a/b' } } } }),
    'spec.auth.bearer.secretKeyRef.key',
    'should match',
  ),
  bySchema('another kind of auth', specWith({ auth: { type: 'Basic' } }), 'spec.auth.type', 'supported values'),
  byRule(
    'Bearer without bearer',
    specWith({ auth: { type: 'Bearer' } }),
    'spec.auth.bearer',
    'auth.bearer must be set when auth.type is Bearer',
  ),
  byRule('bearer without Bearer', specWith({ auth: { bearer: { secretKeyRef } } }), 'spec.auth.bearer', 'and only then'),
  byRule(
    'APIKey without apiKey',
    specWith({ auth: { type: 'APIKey' } }),
    'spec.auth.apiKey',
    'auth.apiKey must be set when auth.type is APIKey',
  ),
  byRule('apiKey without APIKey', specWith({ auth: { apiKey: { secretKeyRef } } }), 'spec.auth.apiKey', 'and only then'),
  byRule(
    'OAuth without oauth',
    specWith({ auth: { type: 'OAuthClientCredentials' } }),
    'spec.auth.oauth',
    'auth.oauth must be set when auth.type is',
  ),
  byRule('oauth without its type', specWith({ auth: { ...oauth(), type: 'None' } }), 'spec.auth.oauth', 'and only then'),
  byRule(
    'an API key in a reserved header',
    specWith({ auth: { type: 'APIKey', apiKey: { header: 'Mcp-Method', secretKeyRef } } }),
    'spec.auth.apiKey.header',
    'header must not be a header that the operator or HTTP itself sets',
  ),
  byRule(
    'Authorization by Bearer and by headers',
    specWith({
      auth: { type: 'Bearer', bearer: { secretKeyRef } },
      headers: [{ name: 'authorization', valueFrom: { secretKeyRef } }],
    }),
    'spec.headers',
    'auth sends the header Authorization already',
  ),
  byRule(
    'Authorization by OAuth and by headers',
    specWith({ auth: oauth(), headers: [{ name: 'AUTHORIZATION', valueFrom: { secretKeyRef } }] }),
    'spec.headers',
    'auth sends the header Authorization already',
  ),
  byRule(
    'the API key by auth and by headers',
    specWith({
      auth: { type: 'APIKey', apiKey: { secretKeyRef } },
      headers: [{ name: 'x-api-key', valueFrom: { secretKeyRef } }],
    }),
    'spec.headers',
    'auth.apiKey sends its header already',
  ),
  byRule(
    'a resource that is not sent',
    specWith({ auth: oauth({ resource: 'https://example.com/mcp', resourceIndicator: 'Omit' }) }),
    'spec.auth.oauth.resource',
    'resource must not be set when resourceIndicator is Omit',
  ),
  bySchema(
    'another use of the resource',
    specWith({ auth: oauth({ resourceIndicator: 'Maybe' }) }),
    'spec.auth.oauth.resourceIndicator',
    'supported values',
  ),
  byRule(
    'OAuth with two client ids',
    specWith({ auth: oauth({ clientIDFrom: { secretKeyRef } }) }),
    'spec.auth.oauth',
    'exactly one of clientID and clientIDFrom',
  ),
  byRule(
    'OAuth without a client id',
    specWith({ auth: oauth({ clientID: undefined }) }),
    'spec.auth.oauth',
    'exactly one of clientID and clientIDFrom',
  ),
  byRule(
    'OAuth with secret and key',
    specWith({ auth: oauth({ privateKeyRef: secret() }) }),
    'spec.auth.oauth',
    'exactly one of clientSecretRef and privateKeyRef',
  ),
  byRule(
    'OAuth with neither',
    specWith({ auth: oauth({ clientSecretRef: undefined }) }),
    'spec.auth.oauth',
    'exactly one of clientSecretRef and privateKeyRef',
  ),
  byRule(
    'an issuer with a query',
    specWith({ auth: oauth({ issuer: 'https://a.example.com/?x=1' }) }),
    'spec.auth.oauth.issuer',
    'issuer must be an absolute http or https URL',
  ),
  byRule(
    'an issuer that is no URL',
    specWith({ auth: oauth({ issuer: 'a.example.com' }) }),
    'spec.auth.oauth.issuer',
    'issuer must be an absolute http or https URL',
  ),
  byRule(
    'a resource with user info',
    specWith({ auth: oauth({ resource: 'https://a:b@example.com/' }) }),
    'spec.auth.oauth.resource',
    'resource must be an absolute http or https URL',
  ),
  byRule(
    'a token URL with a fragment',
    specWith({ auth: oauth({ tokenURL: 'https://example.com/#t' }) }),
    'spec.auth.oauth.tokenURL',
    'tokenURL must be an absolute http or https URL',
  ),
  bySchema('a scope with a space', specWith({ auth: oauth({ scopes: ['a b'] }) }), 'spec.auth.oauth.scopes[0]', 'should match'),
  bySchema('a scope twice', specWith({ auth: oauth({ scopes: ['a', 'a'] }) }), 'spec.auth.oauth.scopes', 'Duplicate value'),
  bySchema(
    '33 scopes',
    specWith({ auth: oauth({ scopes: Array.from({ length: 33 }, (_, index) => `s${index}`) }) }),
    'spec.auth.oauth.scopes',
    'must have at most 32 items',
  ),
  bySchema(
    'another algorithm',
    specWith({ auth: oauth({ clientSecretRef: undefined, privateKeyRef: { ...secret(), alg: 'none' } }) }),
    'spec.auth.oauth.privateKeyRef.alg',
    'supported values',
  ),
  byRule(
    'no roots at all',
    specWith({ tls: { systemRoots: false } }),
    'spec.tls.systemRoots',
    'systemRoots may be false only together with a caBundleRef',
  ),
  byRule(
    'a bundle without a source',
    specWith({ tls: { caBundleRef: {} } }),
    'spec.tls.caBundleRef',
    'caBundleRef must name exactly one of',
  ),
  byRule(
    'a bundle from two sources',
    specWith({ tls: { caBundleRef: { secretKeyRef, configMapKeyRef: secretKeyRef } } }),
    'spec.tls.caBundleRef',
    'caBundleRef must name exactly one of',
  ),
  bySchema('a server name with a slash', specWith({ tls: { serverName: 'a/b' } }), 'spec.tls.serverName', 'should match'),
  byRule(
    'a deadline below the time-out',
    specWith({ probe: { timeoutSeconds: 31 } }),
    'spec.probe.deadlineSeconds',
    'deadlineSeconds must be at least timeoutSeconds',
  ),
  ...(
    [
      ['probe', 'periodSeconds', 10, 86_400],
      ['probe', 'timeoutSeconds', 1, 300],
      ['probe', 'deadlineSeconds', 1, 600],
      ['probe', 'failureThreshold', 1, 10],
      ['probe', 'progressDeadlineSeconds', 0, 86_400],
      ['probe', 'recheckSeconds', 30, 86_400],
      ['retry', 'attempts', 1, 5],
      ['retry', 'initialBackoffSeconds', 1, 3600],
      ['retry', 'maxBackoffSeconds', 1, 86_400],
    ] as const
  ).flatMap(([group, field, min, max]) => [
    bySchema(
      `${field} below ${min}`,
      specWith({ [group]: { [field]: min - 1 } }),
      `spec.${group}.${field}`,
      `greater than or equal to ${min}`,
    ),
    bySchema(
      `${field} above ${max}`,
      specWith({ [group]: { [field]: max + 1 } }),
      `spec.${group}.${field}`,
      `less than or equal to ${max}`,
    ),
    bySchema(`${field} as text`, specWith({ [group]: { [field]: '10' } }), `spec.${group}.${field}`, 'must be of type integer'),
  ]),
  byRule(
    'a backoff that shrinks',
    specWith({ retry: { initialBackoffSeconds: 301 } }),
    'spec.retry.maxBackoffSeconds',
    'maxBackoffSeconds must be at least initialBackoffSeconds',
  ),
  bySchema(
    '257 tools',
    specWith({ expect: { tools: Array.from({ length: 257 }, (_, index) => `t${index}`) } }),
    'spec.expect.tools',
    'must have at most 256 items',
  ),
  bySchema('a tool twice', specWith({ expect: { tools: ['a', 'a'] } }), 'spec.expect.tools', 'Duplicate value'),
  bySchema(
    'a tool without a name',
    specWith({ expect: { tools: [''] } }),
    'spec.expect.tools[0]',
    'should be at least 1 chars long',
  ),
  bySchema(
    'a tool of 129 characters',
    specWith({ expect: { tools: ['😀'.repeat(129)] } }),
    'spec.expect.tools[0]',
    'may not be more than 128',
  ),
  byRule(
    'Require without a digest',
    specWith({ drift: { policy: 'Require' } }),
    'spec.drift.digest',
    'policy Require needs a digest',
  ),
  bySchema(
    'a digest in capitals',
    specWith({ drift: { digest: `sha256:${'A'.repeat(64)}` } }),
    'spec.drift.digest',
    'should match',
  ),
  bySchema('another policy', specWith({ drift: { policy: 'Ignore' } }), 'spec.drift.policy', 'supported values'),
];

/** Every field at its largest. */
export const MAXIMAL_SPEC = {
  url: `https://example.com/${'a'.repeat(2028)}`,
  transport: 'StreamableHTTP',
  protocol: 'Modern',
  headers: Array.from({ length: 32 }, (_, index) => ({
    name: `X-${String(index).padStart(126, '0')}`,
    ...(index % 2 === 0
      ? { value: 'a'.repeat(4096) }
      : { valueFrom: { secretKeyRef: { name: 'a'.repeat(253), key: 'k'.repeat(253) } } }),
  })),
  auth: {
    type: 'OAuthClientCredentials',
    oauth: {
      issuer: `https://example.com/${'a'.repeat(2028)}`,
      clientIDFrom: { secretKeyRef: { name: 'a'.repeat(253), key: 'k'.repeat(253) } },
      privateKeyRef: { name: 'a'.repeat(253), key: 'k'.repeat(253), alg: 'EdDSA', kid: 'k'.repeat(256) },
      scopes: Array.from({ length: 32 }, (_, index) => String(index).padStart(256, 's')),
      resource: `https://example.com/${'a'.repeat(2028)}`,
      tokenURL: `https://example.com/${'a'.repeat(2028)}`,
    },
  },
  tls: {
    caBundleRef: { configMapKeyRef: { name: 'a'.repeat(253), key: 'k'.repeat(253) } },
    systemRoots: false,
    clientCertificateRef: { name: 'a'.repeat(253) },
    serverName: 'a'.repeat(253),
    insecureSkipVerify: true,
  },
  probe: {
    periodSeconds: 86_400,
    timeoutSeconds: 300,
    deadlineSeconds: 600,
    failureThreshold: 10,
    progressDeadlineSeconds: 86_400,
    recheckSeconds: 86_400,
  },
  retry: { attempts: 5, initialBackoffSeconds: 3600, maxBackoffSeconds: 86_400 },
  expect: { tools: Array.from({ length: 256 }, (_, index) => `${'😀'.repeat(124)}${String(index).padStart(4, '0')}`) },
  drift: { policy: 'Require', digest: `sha256:${'0123456789abcdef'.repeat(4)}` },
  suspend: true,
};

/** Specs that both must take. */
export const ALLOWED: readonly { readonly title: string; readonly spec: unknown }[] = [
  ...ALLOWED_URLS.map((value) => ({ title: `the URL ${value.slice(0, 60)}`, spec: { url: value } })),
  { title: 'every field at its largest', spec: MAXIMAL_SPEC },
  { title: 'a Service by number', spec: { serviceRef: { name: 'weather', port: 65_535 } } },
  {
    title: 'a Service by a long port name',
    spec: { serviceRef: { name: '1weather', port: 'streamable-http-of-mcp', path: '/' } },
  },
  { title: 'a Service with all fields', spec: { serviceRef: { name: 'w', port: 'h2', path: '/a/b?x=1', scheme: 'https' } } },
  { title: 'a bearer token', spec: specWith({ auth: { type: 'Bearer', bearer: { secretKeyRef } } }) },
  { title: 'an API key', spec: specWith({ auth: { type: 'APIKey', apiKey: { secretKeyRef } } }) },
  {
    title: 'E1: a bearer token and an API key header at once',
    spec: specWith({
      auth: { type: 'Bearer', bearer: { secretKeyRef } },
      headers: [{ name: 'X-API-KEY', valueFrom: { secretKeyRef } }],
    }),
  },
  {
    title: 'an API key as Authorization',
    spec: specWith({ auth: { type: 'APIKey', apiKey: { header: 'Authorization', secretKeyRef } } }),
  },
  { title: 'Authorization from a Secret', spec: specWith({ headers: [{ name: 'Authorization', valueFrom: { secretKeyRef } }] }) },
  { title: 'a literal header', spec: specWith({ headers: [{ name: 'X-Team', value: '\ta b~' }] }) },
  { title: 'an empty literal header', spec: specWith({ headers: [{ name: 'X-Team', value: '' }] }) },
  { title: 'HTTP+SSE in its own era', spec: specWith({ transport: 'SSE', protocol: 'Legacy' }) },
  { title: 'OAuth without a resource', spec: specWith({ auth: oauth({ resourceIndicator: 'Omit' }) }) },
  { title: 'OAuth with a key', spec: specWith({ auth: oauth({ clientSecretRef: undefined, privateKeyRef: secret() }) }) },
  { title: 'a bundle alone', spec: specWith({ tls: { systemRoots: false, caBundleRef: { secretKeyRef } } }) },
  { title: 'A1: a time-out of 5 s', spec: specWith({ probe: { timeoutSeconds: 5 } }) },
  {
    title: 'the smallest numbers',
    spec: specWith({
      probe: {
        periodSeconds: 10,
        timeoutSeconds: 1,
        deadlineSeconds: 1,
        failureThreshold: 1,
        progressDeadlineSeconds: 0,
        recheckSeconds: 30,
      },
      retry: { attempts: 1, initialBackoffSeconds: 1, maxBackoffSeconds: 1 },
    }),
  },
  { title: 'a digest that is only reported', spec: specWith({ drift: { digest: `sha256:${'0'.repeat(64)}` } }) },
];
