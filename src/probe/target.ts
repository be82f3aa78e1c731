/**
 * From a spec to the place that is probed: a URL, or a Service of the same namespace. It says whether a spec can be probed at all, in one
 * place, and never resolves a host name.
 */
import { RESERVED_HEADERS } from '../api/v1alpha1/rules.ts';
import type { MCPServerSpec } from '../api/v1alpha1/spec.ts';
import { type EgressPolicy, isLoopback, normalizeHost } from './egress-policy.ts';
import type { FailureFact } from './outcome.ts';
import type { References } from './ports.ts';

export interface Target {
  readonly secure: boolean;
  /** Lower case, without brackets: a name or an IP literal. */
  readonly host: string;
  readonly port: number;
  /** `scheme://host[:port]`, as the URL standard prints it. */
  readonly origin: string;
  /** The Host header. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** What may be shown: without user info and query. */
  readonly shownURL: string;
  /** A plain-http place that may get credentials: a Service of this cluster, or loopback where the administrator allows it. */
  readonly trusted: boolean;
}

export type TargetFound =
  | { readonly kind: 'found'; readonly target: Target }
  | { readonly kind: 'refused'; readonly fact: FailureFact }
  /** The API server could not be asked about the Service. */
  | { readonly kind: 'unavailable' };

/** The place that `spec` names. */
export async function findTarget(
  spec: MCPServerSpec,
  namespace: string,
  references: References,
  policy: EgressPolicy,
  signal: AbortSignal,
): Promise<TargetFound> {
  if (!isProbeable(spec)) return INVALID_SPEC;
  if (spec.serviceRef === undefined) return describeURL(spec.url ?? '', policy);
  const { name, port, path, scheme } = spec.serviceRef;
  const service = await references.readService(namespace, name, signal);
  if (service.kind === 'unavailable') return { kind: 'unavailable' };
  const match =
    service.kind === 'found' ? service.value.ports.find((offer) => offer.port === port || offer.name === port) : undefined;
  if (match === undefined) {
    return { kind: 'refused', fact: { kind: 'reference', stage: 'resolve', problem: 'serviceNotFound' } };
  }
  return describeURL(`${scheme}://${name}.${namespace}.svc:${match.port}${path.startsWith('/') ? '' : '/'}${path}`, policy);
}

/** A target from an absolute URL. */
export function createTarget(url: URL, policy: EgressPolicy): Target {
  const secure = url.protocol === 'https:';
  const host = normalizeHost(url.hostname);
  return {
    secure,
    host,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    origin: url.origin,
    authority: url.host,
    path: url.pathname + url.search,
    shownURL: url.origin + url.pathname,
    trusted: /\.svc(\.cluster\.local)?$/.test(host) || (policy.allowLoopback && (isLoopback(host) || host === 'localhost')),
  };
}

/** Whether credentials may go there at all (page 3.8.3): https, a plain-http place that is trusted, or as the administrator allows. */
export function takesCredentials(target: Target, policy: EgressPolicy): boolean {
  return target.secure || target.trusted || policy.allowPlaintextCredentials;
}

const INVALID_SPEC: TargetFound = { kind: 'refused', fact: { kind: 'invalidSpec', stage: 'policy' } };

/** The one place that knows what can not be probed: what got past an older schema. */
function isProbeable(spec: MCPServerSpec): boolean {
  // HTTP+SSE is older than the modern era: nothing can be both.
  if (spec.transport === 'SSE' && spec.protocol === 'Modern') return false;
  if ((spec.url === undefined) === (spec.serviceRef === undefined)) return false;
  if (spec.auth.type === 'Bearer' && spec.auth.bearer === undefined) return false;
  if (spec.auth.type === 'APIKey' && spec.auth.apiKey === undefined) return false;
  if (spec.auth.type === 'OAuthClientCredentials' && spec.auth.oauth === undefined) return false;
  if (spec.auth.type === 'APIKey' && !isUsableHeader(spec.auth.apiKey?.header ?? '')) return false;
  return (spec.headers ?? []).every(
    ({ name, value, valueFrom }) =>
      isUsableHeader(name) && (valueFrom !== undefined || (value !== undefined && /^[\t\x20-\x7e\x80-\xff]*$/.test(value))),
  );
}

function isUsableHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower) && !RESERVED_HEADERS.includes(lower) && !lower.startsWith('mcp-param-');
}

function describeURL(text: string, policy: EgressPolicy): TargetFound {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return INVALID_SPEC;
  if (url.username !== '' || url.password !== '' || url.hostname === '' || url.port === '0') return INVALID_SPEC;
  return { kind: 'found', target: createTarget(url, policy) };
}
