/**
 * The only place where a peer's text decides anything: it is compared with short exact lists (page 4, rows 27–30, 36 and 50) and only the
 * mark is kept. Never sees a URL, never keeps or passes on a text, and a word somewhere inside a text ("timeout") never matters.
 */
import type { RpcError, TextMark } from './outcome.ts';

/** Rows 27–29: the whole text of a gateway that could not ask its authorizer. */
const GATEWAY_TEXTS: ReadonlyMap<string, TextMark> = new Map<string, TextMark>([
  ['upstream call timeout', 'upstreamCallTimeout'],
  ['Authorization service unavailable', 'authorizationServiceUnavailable'],
  ['external authorization failed', 'externalAuthorizationFailed'],
]);

/**
 * Row 30: how a guard against DNS rebinding begins. The Python and TypeScript SDKs' transports ("Invalid Host header"), the TypeScript
 * SDK's middleware ("Invalid Host: example.com") and Playwright ("Access is only allowed at localhost:8931").
 */
const HOST_GUARD_PREFIXES = [
  'Invalid Host header',
  'Invalid Origin header',
  'Invalid Host: ',
  'Invalid Origin: ',
  'only allowed at',
  'Access is only allowed at',
] as const;

/**
 * Row 36, in lower case. Servers made after the TypeScript SDK's examples put "Bad Request: " before the second, and with HTTP+SSE say the
 * last with 400.
 */
const SESSION_PREFIXES = [
  'session not found',
  'no valid session id provided',
  'bad request: no valid session id provided',
  'no transport found for sessionid',
] as const;

/** Row 50, in lower case. */
const CREDENTIAL_PREFIXES = [
  'missing authorization',
  'invalid authorization',
  'token has expired',
  'invalid token',
  'invalid scope',
  'access denied',
  'permission denied',
  'unauthorized',
  'forbidden',
] as const;

/** Error bodies are cut here by the prober (page 3.7); a longer text is no error message of these lists. */
const MAX_TEXT_CHARS = 64 * 1024;
const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

/**
 * The mark of a body that is no usable answer: rows 27–30 for a 403, row 36 for 2xx, 400 and 404, `none` for any other status. The text is
 * the whole trimmed body or, where the body is JSON, the string in `error`, `message` or `error.message`. Never throws.
 */
export function markOfBody(status: number, text: string): TextMark {
  const guarded = status === 403;
  const sessionful = status === 400 || status === 404 || (status >= 200 && status <= 299);
  if ((!guarded && !sessionful) || text.length > MAX_TEXT_CHARS) return 'none';
  const mark = guarded ? markOfForbidden : markOfSession;
  for (const candidate of textsOf(text)) {
    const found = mark(candidate);
    if (found !== 'none') return found;
  }
  return 'none';
}

/** The mark of the message of a JSON-RPC error object (rows 36 and 50); whether it decides, the classifier says. Never throws. */
export function markOfRpcError(error: unknown): TextMark {
  const message = memberOf(error, 'message');
  if (typeof message !== 'string' || message.length > MAX_TEXT_CHARS) return 'none';
  const text = message.trim();
  const session = markOfSession(text);
  if (session !== 'none') return session;
  return startsWithOneOf(text.toLowerCase(), CREDENTIAL_PREFIXES) ? 'credentials' : 'none';
}

/** Reduces a JSON-RPC error object to the parts that decide. Anything that is not an int32 is no code. Never throws. */
export function describeRpcError(error: unknown): RpcError {
  const code = memberOf(error, 'code');
  const dataStatus = dataStatusOf(memberOf(error, 'data'));
  return {
    ...(isInt32(code) && { rpcCode: code }),
    ...(dataStatus !== undefined && { dataStatus }),
    mark: markOfRpcError(error),
  };
}

function markOfForbidden(text: string): TextMark {
  return GATEWAY_TEXTS.get(text) ?? (startsWithOneOf(text, HOST_GUARD_PREFIXES) ? 'hostGuard' : 'none');
}

function markOfSession(text: string): TextMark {
  return startsWithOneOf(text.toLowerCase(), SESSION_PREFIXES) ? 'sessionNotFound' : 'none';
}

function startsWithOneOf(text: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => text.startsWith(prefix));
}

/** The texts of a body that may be compared, at most four, trimmed. */
function textsOf(body: string): readonly string[] {
  const trimmed = body.trim();
  const parsed = parseObject(trimmed);
  const error = memberOf(parsed, 'error');
  const candidates = [trimmed, error, memberOf(parsed, 'message'), memberOf(error, 'message')];
  return candidates.filter((candidate) => typeof candidate === 'string').map((candidate) => candidate.trim());
}

function parseObject(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return Reflect.get(value, key);
}

function dataStatusOf(data: unknown): 401 | 403 | undefined {
  for (const value of [data, memberOf(data, 'status'), memberOf(data, 'statusCode'), memberOf(data, 'code')]) {
    if (value === 401 || value === 403) return value;
  }
  return undefined;
}

function isInt32(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= INT32_MIN && Number(value) <= INT32_MAX;
}
