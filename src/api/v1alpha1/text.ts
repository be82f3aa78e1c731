/**
 * The kinds of text that a spec is made of, each with its bound and its pattern. Every pattern means the same to JavaScript and to RE2,
 * because the API server runs it too: no look-around, no back references, no flags but `u`. Nothing here knows where a text is used.
 */
import * as z from 'zod';

/** Host names whose last label is a number would be read as an IPv4 address (WHATWG URL, 3.5 "ends in a number checker"). */
const LAST_LABEL = '(?:[A-Za-z_-][A-Za-z0-9_-]*|[1-9][0-9]*[A-Za-z_-][A-Za-z0-9_-]*|0[0-9]*[A-WYZa-wyz_-][A-Za-z0-9_-]*)';
const NAME_HOST = `(?:[A-Za-z0-9_-]+\\.)*${LAST_LABEL}\\.?`;
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const GROUP = '[0-9A-Fa-f]{1,4}';
/** All eight groups, or `::` for at least one of them: `before` groups, then at most 7 − `before` more. No zone, no embedded IPv4. */
const COMPRESSED = [1, 2, 3, 4, 5, 6].map((before) => `(?:${GROUP}:){${before}}(?::${GROUP}){1,${7 - before}}`);
const IPV6 = [`(?:${GROUP}:){7}${GROUP}`, `(?:${GROUP}:){1,7}:`, ...COMPRESSED, `:(?::${GROUP}){1,7}`, '::'].join('|');
const IPV6_HOST = `\\[(?:${IPV6})\\]`;
const HOST = `(?:(?:${OCTET}\\.){3}${OCTET}|${NAME_HOST}|${IPV6_HOST})`;
const PORT = '(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?';
const PATH_CHARS = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*";
const QUERY_CHARS = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/?|\\[\\]{}-]|%[0-9A-Fa-f]{2})*";

/** An absolute http(s) URL without query, user info and fragment: RFC 3986 characters, port 1 … 65535. */
export const PLAIN_URL_PATTERN = `^https?://${HOST}${PORT}(?:/${PATH_CHARS})?$`;

/** The same, and a query is allowed. */
export const HTTP_URL_PATTERN = `^https?://${HOST}${PORT}(?:/${PATH_CHARS})?(?:\\?${QUERY_CHARS})?$`;

/** A DNS label (RFC 1123): names of Services and of their ports. */
export const DNS_LABEL_PATTERN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';

/** Printable ASCII, space and tab: what a header's value may hold here (RFC 9110, 5.5, without obs-text). */
export const HEADER_VALUE_PATTERN = '^[\\t -~]*$';

/** Longest URL: page 2 of the design; also what common servers accept in a request line. */
export const MAX_URL_LENGTH = 2048;

/** The length of `text` as the API server counts it for `maxLength`: code points, where JavaScript counts UTF-16 units. */
function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/**
 * Any text of `min` … `max` code points. `z.string().max` alone would refuse texts that the API server took, because a character
 * outside the basic plane counts double in JavaScript.
 */
export function anyText(max: number, min = 1) {
  const fits = (text: string) => text.length >= min && (text.length <= max || countCodePoints(text) <= max);
  return z
    .string()
    .refine(fits)
    .meta(min === 0 ? { maxLength: max } : { minLength: min, maxLength: max });
}

/** Name of a Secret or ConfigMap: an RFC 1123 subdomain. */
export function objectName() {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
}

/** A key in the data of a Secret or ConfigMap. */
export function dataKey() {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(/^[-._a-zA-Z0-9]+$/);
}

/** Name of a header: a token (RFC 9110, 5.6.2). */
export function headerName() {
  return z
    .string()
    .min(1)
    .max(128)
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
}

/** A URL whose form is checked by a rule, so that the message can say what is allowed. */
export function urlText() {
  return z.string().min(1).max(MAX_URL_LENGTH);
}

/** `sha256:` and 64 lower-case hex digits: 7 + 64 = 71 characters. */
export function digestText() {
  return z
    .string()
    .max(71)
    .regex(/^sha256:[0-9a-f]{64}$/);
}
