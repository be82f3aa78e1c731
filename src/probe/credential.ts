/**
 * One credential in memory. Its value leaves only through `reveal`, which the writer of request headers and the redaction of server text
 * call; whatever prints it (string, JSON, inspection, error) shows `[redacted]`. The fingerprint tells identities apart in logs.
 */
import { hash } from 'node:crypto';
import { inspect } from 'node:util';
import type { CredentialDetail } from '../api/v1alpha1/credential-details.ts';
import { matchesHost } from './egress-policy.ts';
import { LIMITS } from './limits.ts';

/** ECMA-262, 21.4.1.1. */
const MAX_DATE_MS = 8.64e15;

const REDACTED = '[redacted]';

/** A secret value and the header value that carries it. */
export class Credential {
  readonly #value: string;
  readonly #header: string;

  /** `header` is what is sent; `value` the secret part of it, which may be shorter (`Bearer …`). */
  constructor(value: string, header: string = value) {
    this.#value = value;
    this.#header = header;
  }

  /** The secret itself, to be found and removed in a server's texts. */
  reveal(): string {
    return this.#value;
  }

  /** The header value that carries it. */
  revealHeader(): string {
    return this.#header;
  }

  /** First 8 hex digits of the SHA-256 of the secret (page 9, A12). */
  fingerprint(): string {
    return hash('sha256', Buffer.from(this.#value, 'latin1'), 'hex').slice(0, 8);
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

/**
 * The text of a credential's bytes: one byte, one character, as HTTP headers carry them, without one newline at the end.
 * Undefined when it is empty, too long, or holds a control character, which no header may carry.
 */
export function readCredentialText(bytes: Uint8Array): string | undefined {
  if (bytes.length > LIMITS.credentialBytes + 2) return undefined;
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replace(/\r?\n$/, '');
  return text.length > LIMITS.credentialBytes || !/^[\x20-\x7e\x80-\xff]+$/.test(text) || text.trim() === '' ? undefined : text;
}

/** Why {@link readCredentialText} gives no text for these bytes. */
export function whyUnsendable(bytes: Uint8Array): CredentialDetail {
  if (bytes.length > LIMITS.credentialBytes) return 'valueTooLong';
  return Buffer.from(bytes).toString('latin1').trim() === '' ? 'emptyValue' : 'controlCharacter';
}

/** When a JWT expires, in wall ms; undefined when the text is no JWT or has no `exp`. Decoded only: verifying is the server's part. */
export function readExpiryMs(token: string): number | undefined {
  const parts = token.split('.');
  const payload = parts[1];
  if (parts.length !== 3 || payload === undefined || payload === '') return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || !('exp' in claims)) return undefined;
    // Beyond what a Date can hold it is no time; JSON knows no Infinity, but 1e308 s are that in ms.
    return typeof claims.exp === 'number' && claims.exp * 1000 <= MAX_DATE_MS ? claims.exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether `host` may get the values of a Secret whose annotation is `allowed`: comma-separated names, `*.` for any name below.
 */
export function isBoundToHost(allowed: string, host: string): boolean {
  return matchesHost(allowed.split(','), host);
}
