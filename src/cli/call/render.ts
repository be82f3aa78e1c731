/**
 * The answer of a server for people and for scripts. Pure. Text is cleaned line by line, so that it can not steer a terminal; JSON says
 * everything, with every character that a terminal could take for a command as an escape. Credentials that were sent are redacted in both.
 */
import type { CallResult } from '../../probe/call.ts';
import { isObject, type JSONObject } from '../../probe/json-rpc.ts';
import { MAX_INPUT_CHARS, REDACTED, type Sanitize } from '../../probe/sanitize.ts';

/** The content of a `tools/call` or `resources/read`, each part on lines of its own. Pictures and the like are named, not shown. */
export function renderText({ result, sanitize }: CallResult): string {
  const parts = listOf(result['content'] ?? result['contents']);
  const shown = parts.map((part) => cleanLines(textOf(part), sanitize));
  if (parts.length === 0 && result['structuredContent'] !== undefined) {
    return renderJSON(result['structuredContent'], sanitize);
  }
  return shown.map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)).join('');
}

/** Whether a tool says of itself that it failed. */
export function isToolError({ result }: CallResult): boolean {
  return result['isError'] === true;
}

/** Indented JSON that is safe on a terminal and reads back as the same value, but for credentials. */
export function renderJSON(value: unknown, sanitize: Sanitize): string {
  const text = JSON.stringify(redact(value, sanitize), undefined, 2) ?? 'null';
  return `${text.replace(UNSAFE, escapeUnits)}\n`;
}

/** What JSON leaves as it is and a terminal does not: DEL, C1 controls, bidi and other format characters, odd line ends. */
const UNSAFE = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

function escapeUnits(character: string): string {
  return [...Array(character.length).keys()].map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
}

function listOf(value: unknown): readonly JSONObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textOf(part: JSONObject): string {
  const { type, text, uri, resource } = part;
  if (typeof text === 'string') return text;
  if (isObject(resource)) return textOf(resource);
  const bytes = [part['data'], part['blob']].find((data) => typeof data === 'string')?.length;
  const what = [type ?? 'blob', part['mimeType'], uri].filter((word) => typeof word === 'string');
  return `[${what.join(' ')}${bytes === undefined ? '' : `, ${bytes} characters of base64`}; -o json shows it]`;
}

function cleanLines(text: string, sanitize: Sanitize): string {
  return text
    .split(/\r\n|\n/)
    .map((line) => sanitize(line.replaceAll('\t', '    '), MAX_INPUT_CHARS))
    .join('\n');
}

/** The depth and the number of values are those of one answer: LIMITS.jsonDepth and LIMITS.jsonValues. */
function redact(value: unknown, sanitize: Sanitize): unknown {
  if (typeof value === 'string') {
    if (value.includes(REDACTED)) return value;
    const clean = sanitize(value, MAX_INPUT_CHARS);
    return clean.includes(REDACTED) ? clean : value;
  }
  if (Array.isArray(value)) return value.map((item) => redact(item, sanitize));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [String(redact(key, sanitize)), redact(item, sanitize)]));
}
