/**
 * The cross-field rules of a spec, one row each. A row holds the CEL expression that the API server runs, the message that a user reads,
 * and the same rule as a predicate for objects that got past an older CRD or never met an API server. Tests run both over the same
 * vectors. A rule never repeats what type, bound, pattern or enum of a field say already.
 */
import type { Auth, Header, OAuth } from './auth.ts';
import type { MCPServerSpec } from './spec.ts';
import { DNS_LABEL_PATTERN, HEADER_VALUE_PATTERN, HTTP_URL_PATTERN, PLAIN_URL_PATTERN } from './text.ts';

/** One rule at one place. `value` is `self` with its defaults filled in; absent optional values are never asked about. */
export interface Rule<Value> {
  readonly cel: string;
  /** Says what is allowed; never holds a value of the user. */
  readonly message: string;
  /** The child field that the error points to, as in `x-kubernetes-validations`. */
  readonly fieldPath?: string;
  holds(value: Value): boolean;
}

type ServiceRef = NonNullable<MCPServerSpec['serviceRef']>;
type KeySource = NonNullable<Header['valueFrom']>;

/** The places that have rules, and what stands there. `[]` is each item of a list. */
export interface RuledValues {
  readonly spec: MCPServerSpec;
  readonly 'spec.url': string;
  readonly 'spec.serviceRef.port': ServiceRef['port'];
  readonly 'spec.headers': readonly Header[];
  readonly 'spec.headers[]': Header;
  readonly 'spec.headers[].valueFrom': KeySource;
  readonly 'spec.auth': Auth;
  readonly 'spec.auth.apiKey.header': string;
  readonly 'spec.auth.oauth': OAuth;
  readonly 'spec.auth.oauth.issuer': string;
  readonly 'spec.auth.oauth.resource': string;
  readonly 'spec.auth.oauth.tokenURL': string;
  readonly 'spec.tls': MCPServerSpec['tls'];
  readonly 'spec.tls.caBundleRef': KeySource;
  readonly 'spec.probe': MCPServerSpec['probe'];
  readonly 'spec.retry': MCPServerSpec['retry'];
  readonly 'spec.drift': MCPServerSpec['drift'];
}

/** Headers that the operator, the protocol or HTTP itself sets (RFC 9110; MCP 2025-11-25 and 2026-07-28), in lower case. */
export const RESERVED_HEADERS: readonly string[] = [
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'origin',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Headers of the protocol that bear a parameter's name. */
const RESERVED_PREFIX = 'mcp-param-';
/** Names of headers whose values are secrets. */
const SECRET_NAME_PATTERN = 'authorization|cookie|token|secret|password|api[-_]?key';

/** `text` as a CEL string literal. */
const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const matches = (pattern: string) => `self.matches(${quote(pattern)})`;

const isReserved = (name: string) =>
  RESERVED_HEADERS.includes(name.toLowerCase()) || name.toLowerCase().startsWith(RESERVED_PREFIX);
const reservedCEL = (name: string) =>
  `!(${name}.lowerAscii() in [${RESERVED_HEADERS.map(quote).join(', ')}] || ${name}.lowerAscii().startsWith(${quote(RESERVED_PREFIX)}))`;
const RESERVED_MESSAGE = `must not be a header that the operator or HTTP itself sets: ${RESERVED_HEADERS.join(', ')}, ${RESERVED_PREFIX}*`;

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const hasHeader = (spec: MCPServerSpec, name: string) => (spec.headers ?? []).some((header) => same(header.name, name));
const HEADERS_HAVE = (name: string) => `self.headers.exists(h, h.name.lowerAscii() == ${name})`;

const DNS_LABEL = new RegExp(DNS_LABEL_PATTERN);
const HEADER_VALUE = new RegExp(HEADER_VALUE_PATTERN);
const SECRET_NAME = new RegExp(SECRET_NAME_PATTERN);
const USER_INFO = /^[^/?#]*\/\/[^/?#]*@/;
const HTTP_URL = new RegExp(HTTP_URL_PATTERN);
const PLAIN_URL = new RegExp(PLAIN_URL_PATTERN);

/** The second look is for names in punycode that are none: versions of Node differ, and a probe must never meet a URL it can not read. */
const isURL = (url: string, pattern: RegExp) => pattern.test(url) && URL.canParse(url);

const oneSource = (what: string): Rule<KeySource> => ({
  cel: 'has(self.secretKeyRef) != has(self.configMapKeyRef)',
  message: `${what} must name exactly one of secretKeyRef and configMapKeyRef`,
  holds: (source) => (source.secretKeyRef !== undefined) !== (source.configMapKeyRef !== undefined),
});

const oauthURL = (field: string): Rule<string> => ({
  cel: matches(HTTP_URL_PATTERN),
  message: `${field} must be an absolute http or https URL without user name, password and fragment`,
  holds: (url) => isURL(url, HTTP_URL),
});

/** `auth.<field>` is there if and only if `auth.type` is `type`. */
const sibling = (type: Auth['type'], field: 'bearer' | 'apiKey' | 'oauth'): Rule<Auth> => ({
  cel: `has(self.${field}) == (self.type == '${type}')`,
  message: `auth.${field} must be set when auth.type is ${type}, and only then`,
  fieldPath: `.${field}`,
  holds: (auth) => (auth[field] !== undefined) === (auth.type === type),
});

/** Every rule by its place, in the order in which a user should read the messages. */
export const RULES: { readonly [Path in keyof RuledValues]: readonly Rule<RuledValues[Path]>[] } = {
  spec: [
    {
      cel: 'has(self.url) != has(self.serviceRef)',
      message: 'exactly one of url and serviceRef must be set',
      holds: (spec) => (spec.url !== undefined) !== (spec.serviceRef !== undefined),
    },
    {
      // It stands here and not at the field, because an error at a text repeats that text: a password would end up in logs.
      cel: "!has(self.url) || !self.url.matches('^[^/?#]*//[^/?#]*@')",
      message: 'url must not hold a user name or password: use auth, or headers with valueFrom',
      fieldPath: '.url',
      holds: (spec) => spec.url === undefined || !USER_INFO.test(spec.url),
    },
    {
      cel: "self.transport != 'SSE' || self.protocol != 'Modern'",
      message: 'protocol Modern has no transport SSE: set transport to Auto or StreamableHTTP, or protocol to Auto or Legacy',
      fieldPath: '.transport',
      holds: (spec) => spec.transport !== 'SSE' || spec.protocol !== 'Modern',
    },
    {
      cel: `!has(self.headers) || !(self.auth.type in ['Bearer', 'OAuthClientCredentials']) || !${HEADERS_HAVE("'authorization'")}`,
      message: 'auth sends the header Authorization already: remove it from headers, or set auth.type to None',
      fieldPath: '.headers',
      holds: (spec) =>
        !(spec.auth.type === 'Bearer' || spec.auth.type === 'OAuthClientCredentials') || !hasHeader(spec, 'authorization'),
    },
    {
      cel: `!has(self.headers) || !has(self.auth.apiKey) || !${HEADERS_HAVE('self.auth.apiKey.header.lowerAscii()')}`,
      message: 'auth.apiKey sends its header already: remove that name from headers, or set auth.type to None',
      fieldPath: '.headers',
      holds: (spec) => spec.auth.apiKey === undefined || !hasHeader(spec, spec.auth.apiKey.header),
    },
  ],
  'spec.url': [
    {
      cel: "self.startsWith('http://') || self.startsWith('https://')",
      message: 'url must begin with http:// or https://',
      holds: (url) => url.startsWith('http://') || url.startsWith('https://'),
    },
    {
      cel: "!self.contains('#')",
      message: 'url must not hold a fragment (#)',
      holds: (url) => !url.includes('#'),
    },
    {
      // Scheme, user info and fragment have messages of their own; one error is enough.
      cel: `!self.matches('^https?://') || self.contains('#') || self.matches('^[^/?#]*//[^/?#]*@') || ${matches(HTTP_URL_PATTERN)}`,
      message:
        'url must be http(s)://host[:port][/path][?query]: a DNS name (international ones as xn--) or an IP address in its usual form and without a zone, a port from 1 to 65535, other characters percent-encoded',
      holds: (url) => !/^https?:\/\//.test(url) || url.includes('#') || USER_INFO.test(url) || isURL(url, HTTP_URL),
    },
  ],
  'spec.serviceRef.port': [
    {
      // A Service's port name is a DNS label; one made of digits alone would be read as a number by people.
      cel: `type(self) == int ? self >= 1 && self <= 65535 : ${matches(DNS_LABEL_PATTERN)} && self.matches('[a-z]')`,
      message:
        "port must be a number from 1 to 65535, or the name of a port: lower-case letters, digits and '-', not digits alone",
      holds: (port) => (typeof port === 'number' ? port >= 1 && port <= 65_535 : DNS_LABEL.test(port) && /[a-z]/.test(port)),
    },
  ],
  'spec.headers': [
    {
      cel: 'self.all(h, self.exists_one(other, other.name.lowerAscii() == h.name.lowerAscii()))',
      message: 'each header may be named once: upper and lower case are the same',
      holds: (headers) => new Set(headers.map((header) => header.name.toLowerCase())).size === headers.length,
    },
  ],
  'spec.headers[]': [
    {
      cel: reservedCEL('self.name'),
      message: `name ${RESERVED_MESSAGE}`,
      fieldPath: '.name',
      holds: (header) => !isReserved(header.name),
    },
    {
      cel: 'has(self.value) != has(self.valueFrom)',
      message: 'exactly one of value and valueFrom must be set',
      holds: (header) => (header.value !== undefined) !== (header.valueFrom !== undefined),
    },
    {
      cel: `!has(self.value) || !self.name.lowerAscii().matches(${quote(SECRET_NAME_PATTERN)})`,
      message:
        'a literal value is refused for authorization, cookie and names with token, secret, password or api-key: use valueFrom.secretKeyRef',
      fieldPath: '.value',
      holds: (header) => header.value === undefined || !SECRET_NAME.test(header.name.toLowerCase()),
    },
    {
      cel: `!has(self.value) || self.value.matches(${quote(HEADER_VALUE_PATTERN)})`,
      message: 'value may hold printable ASCII characters, spaces and tabs, and no line breaks',
      fieldPath: '.value',
      holds: (header) => header.value === undefined || HEADER_VALUE.test(header.value),
    },
  ],
  'spec.headers[].valueFrom': [oneSource('valueFrom')],
  'spec.auth': [sibling('Bearer', 'bearer'), sibling('APIKey', 'apiKey'), sibling('OAuthClientCredentials', 'oauth')],
  'spec.auth.apiKey.header': [
    {
      cel: reservedCEL('self'),
      message: `header ${RESERVED_MESSAGE}`,
      holds: (name) => !isReserved(name),
    },
  ],
  'spec.auth.oauth': [
    {
      cel: 'has(self.clientID) != has(self.clientIDFrom)',
      message: 'exactly one of clientID and clientIDFrom must be set',
      holds: (oauth) => (oauth.clientID !== undefined) !== (oauth.clientIDFrom !== undefined),
    },
    {
      cel: 'has(self.clientSecretRef) != has(self.privateKeyRef)',
      message: 'exactly one of clientSecretRef and privateKeyRef must be set',
      holds: (oauth) => (oauth.clientSecretRef !== undefined) !== (oauth.privateKeyRef !== undefined),
    },
    {
      cel: "self.resourceIndicator != 'Omit' || !has(self.resource)",
      message: 'resource must not be set when resourceIndicator is Omit',
      fieldPath: '.resource',
      holds: (oauth) => oauth.resourceIndicator !== 'Omit' || oauth.resource === undefined,
    },
  ],
  'spec.auth.oauth.issuer': [
    {
      // RFC 8414, 2: an issuer has no query and no fragment.
      cel: matches(PLAIN_URL_PATTERN),
      message: 'issuer must be an absolute http or https URL without user name, password, query and fragment',
      holds: (url) => isURL(url, PLAIN_URL),
    },
  ],
  'spec.auth.oauth.resource': [oauthURL('resource')],
  'spec.auth.oauth.tokenURL': [oauthURL('tokenURL')],
  'spec.tls': [
    {
      cel: 'self.systemRoots || has(self.caBundleRef)',
      message: 'systemRoots may be false only together with a caBundleRef',
      fieldPath: '.systemRoots',
      holds: (tls) => tls.systemRoots || tls.caBundleRef !== undefined,
    },
  ],
  'spec.tls.caBundleRef': [oneSource('caBundleRef')],
  'spec.probe': [
    {
      cel: 'self.deadlineSeconds >= self.timeoutSeconds',
      message: 'deadlineSeconds must be at least timeoutSeconds',
      fieldPath: '.deadlineSeconds',
      holds: (probe) => probe.deadlineSeconds >= probe.timeoutSeconds,
    },
  ],
  'spec.retry': [
    {
      cel: 'self.maxBackoffSeconds >= self.initialBackoffSeconds',
      message: 'maxBackoffSeconds must be at least initialBackoffSeconds',
      fieldPath: '.maxBackoffSeconds',
      holds: (retry) => retry.maxBackoffSeconds >= retry.initialBackoffSeconds,
    },
  ],
  'spec.drift': [
    {
      cel: "self.policy != 'Require' || has(self.digest)",
      message: 'policy Require needs a digest',
      fieldPath: '.digest',
      holds: (drift) => drift.policy !== 'Require' || drift.digest !== undefined,
    },
  ],
};
