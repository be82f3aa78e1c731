/**
 * Makes the fields of a log line safe to print: values of known secret names are hidden whatever they hold, URLs lose user info,
 * query and fragment, control characters go, and depth, width and length are bounded, so that no caller can print a body by mistake.
 *
 * An Error shows its type, code and stack frames; its message only when asked for (debug) or when it is an assertion of ours,
 * because the runtime quotes input in messages (`JSON.parse` prints the first bytes of a body).
 */
import type { LogFields } from '../platform/log.ts';

/** Names after lower-casing and dropping `-` and `_`. */
const SECRET_NAMES = new Set([
  'accesstoken',
  'apikey',
  'assertion',
  'authorization',
  'bearer',
  'body',
  'clientsecret',
  'cookie',
  'credential',
  'credentials',
  'headers',
  'idtoken',
  'passphrase',
  'password',
  'privatekey',
  'proxyauthorization',
  'query',
  'refreshtoken',
  'secret',
  'setcookie',
  'token',
  'xapikey',
]);

export const REDACTED = '[redacted]';

/** A line is at most about 32 fields · 1 KiB: 32 KiB. */
const MAX_FIELDS = 32;
const MAX_STRING = 1024;
const MAX_DEPTH = 4;
const MAX_FRAMES = 12;
const MAX_CAUSES = 4;

/** A copy of `fields` that may be printed. `withMessages` lets messages of errors through. */
export function cleanFields(fields: LogFields, withMessages: boolean): Record<string, unknown> {
  return cleanObject(fields, withMessages, 0);
}

function cleanObject(object: object, withMessages: boolean, depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  let width = 0;
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue;
    width += 1;
    if (width > MAX_FIELDS) {
      clean['cut'] = true;
      break;
    }
    clean[name] = isSecretName(name) ? REDACTED : cleanValue(value, withMessages, depth + 1);
  }
  return clean;
}

function cleanValue(value: unknown, withMessages: boolean, depth: number): unknown {
  if (typeof value === 'string') return cleanString(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'bigint') return `${value}`;
  if (value instanceof Error) return cleanError(value, withMessages, 0);
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return `[${typeof value}]`;
  if (Array.isArray(value)) return value.slice(0, MAX_FIELDS).map((item) => cleanValue(item, withMessages, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return '[object]';
  return cleanObject(value, withMessages, depth);
}

function cleanError(error: Error, withMessages: boolean, depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = { type: cleanString(error.name) };
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code)) clean['code'] = code;
  if (withMessages || error.message.startsWith('assertion failed: ')) clean['message'] = cleanString(error.message);
  if (depth === 0) clean['stack'] = frames(error);
  if (error.cause instanceof Error && depth < MAX_CAUSES) clean['cause'] = cleanError(error.cause, withMessages, depth + 1);
  return clean;
}

/** The stack without its first lines, which repeat the message. */
function frames(error: Error): string[] {
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  return lines
    .filter((line) => /^at .*(:\d+:\d+\)?|<anonymous>\)?)$/.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => cleanString(line));
}

function cleanString(text: string): string {
  const cut = text.length > MAX_STRING ? `${text.slice(0, MAX_STRING)}…` : text;
  // Terminals obey control characters, and readers of logs are misled by bidi overrides.
  const plain = cut.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, ' ');
  return plain.includes('://') ? plain.replace(/\b(https?:\/\/)([^\s"'<>]*)/gi, cleanURL) : plain;
}

function cleanURL(_whole: string, scheme: string, rest: string): string {
  const end = rest.search(/[?#]/);
  const visible = end < 0 ? rest : rest.slice(0, end);
  const slash = visible.indexOf('/');
  const authority = slash < 0 ? visible : visible.slice(0, slash);
  return scheme + authority.slice(authority.lastIndexOf('@') + 1) + (slash < 0 ? '' : visible.slice(slash));
}

const verdicts = new Map<string, boolean>();
/** Field names are constants of ours, so this holds a few dozen entries; the bound is for the day that somebody breaks that. */
const MAX_REMEMBERED = 1024;

function isSecretName(name: string): boolean {
  let secret = verdicts.get(name);
  if (secret === undefined) {
    secret = SECRET_NAMES.has(name.toLowerCase().replaceAll(/[-_]/g, ''));
    if (verdicts.size < MAX_REMEMBERED) verdicts.set(name, secret);
  }
  return secret;
}
