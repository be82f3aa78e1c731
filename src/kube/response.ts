/**
 * What is taken out of an answer of the API server: a bounded body, the wait it asks for, the name of its reason, the code of an error.
 * Whatever the server sends, memory is bounded and no text of its own gets through but a CamelCase reason.
 */
import type { Readable } from 'node:stream';
import type { Clock } from '../platform/clock.ts';

/** A `Status` document is about 0.5 KB; what is longer is not read for its reason. */
const MAX_STATUS_BODY_BYTES = 64 * 1024;
/** Nobody is kept waiting longer than this by a header. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** The whole body as text, or undefined when it is longer than `maxBytes`; the rest is then not read and its socket is dropped. */
export async function readBody(body: Readable, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  const [first] = chunks;
  return (chunks.length === 1 && first ? first : Buffer.concat(chunks)).toString();
}

/** `reason` of a `Status` body, e.g. `Expired`, `AlreadyExists`. Undefined when there is none or it is no CamelCase word. */
export async function readReason(body: Readable): Promise<string | undefined> {
  const text = await readBody(body, MAX_STATUS_BODY_BYTES);
  return text === undefined ? undefined : reasonOf(parseJSON(text));
}

/** The CamelCase `reason` of a `metav1.Status`, or undefined when it has none that looks like one. */
export function reasonOf(status: unknown): string | undefined {
  const reason = (status as { reason?: unknown } | null | undefined)?.reason;
  return typeof reason === 'string' && /^[A-Z][A-Za-z]{0,63}$/.test(reason) ? reason : undefined;
}

/** JSON, or undefined when it is none. */
export function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3), clamped to 0 … 1 h. */
export function retryAfterMs(header: string | string[] | undefined, clock: Clock): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.wallMs();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** The most specific code in an error and its causes: `ECONNREFUSED` rather than the wrapper's. Depth 5, of known form only. */
export function errorCode(error: unknown): string | undefined {
  let found: string | undefined;
  let at: unknown = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,47}$/.test(code)) found = code;
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return found;
}

/** The server's certificate did not fit, or ours did not: files may have rotated. */
export function isTLSError(code: string | undefined): boolean {
  return code !== undefined && /CERT|SIGNATURE|ERR_SSL|ERR_TLS|^EPROTO$/.test(code);
}
