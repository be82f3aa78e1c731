/**
 * Makes a text that a server chose (a name, a title, a version) fit to be shown: well-formed, NFC, nothing invisible, no credential that
 * this probe sent, bounded. Never parses or escapes: where a text is shown decides that. Cleaning comes before redaction, so that an
 * invisible character inside a reflected token hides nothing, and redaction before the cut, so that a cut shows no part of a token.
 */

export const REDACTED = '[redacted]';

/** A sanitizer for the secrets of one probe. `maxChars` counts UTF-16 units, so the result fits a `maxLength` of any counting. */
export type Sanitize = (text: string, maxChars: number) => string;

/**
 * Controls, bidi and other format characters, everything that Unicode says to ignore when shown (zero-width, fillers, variation selectors,
 * tags), line and paragraph separators. White space among the controls becomes a space before.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/gu;
const WHITE_CONTROLS = /[\t-\r\x85\u2028\u2029]+/g;
/**
 * Unicode's normalization sorts a run of marks in time that grows with its square: a name of 200 KB would stop this process for a minute.
 * No writing puts more than 30 marks on one letter (UAX 15, "Stream-Safe Text Format").
 */
const TOO_MANY_MARKS = /(\p{M}{30})\p{M}+/gu;
/** Printable ASCII is clean and in NFC: most names and versions, at a tenth of the price. */
const PLAIN = /^[ -~]*$/;

/**
 * Characters of a text that are looked at: 128 times the longest that is shown. The rest of a name of 4 MiB would cost time and memory for
 * nothing.
 */
export const MAX_INPUT_CHARS = 64 * 1024;

/** Encoded forms and words of a secret are looked for from this length on: shorter ones would match by chance. */
const MIN_DERIVED_CHARS = 8;
/** A header value has two words (`Bearer abc`); more than a few are a sentence and no secret. */
const MAX_WORDS = 8;

/**
 * Prepares the secrets of one probe: at most 33 (32 headers and a token), each with at most 135 forms, or 1,044 when it is not ASCII. Empty
 * ones are ignored. The forms are made for the first text that is long enough to hold one: to make them costs more than to read the lists,
 * and most names are shorter than any token.
 */
export function createSanitizer(secrets: readonly string[]): Sanitize {
  const shortest = Math.min(...secrets.map(shortestFormOf));
  let made: readonly string[] | undefined;
  const makeForms = () => {
    // Longest first: a form that contains another one must be taken whole.
    made ??= [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
    return made;
  };
  return (text, maxChars) => {
    if (text.length <= MAX_INPUT_CHARS) {
      const cleaned = clean(text);
      return clamp(cleaned.length < shortest ? cleaned : redact(cleaned, makeForms(), maxChars), maxChars);
    }
    const forms = makeForms();
    const begin = redact(clean(text.slice(0, MAX_INPUT_CHARS)), forms, maxChars);
    // A form that the cut went through was not found, and stands at the end.
    return clamp(begin.slice(0, Math.max(0, begin.length - (forms[0]?.length ?? 0))), maxChars);
  };
}

/** `createSanitizer` for a single text. */
export function sanitizeText(text: string, maxChars: number, secrets: readonly string[]): string {
  return createSanitizer(secrets)(text, maxChars);
}

function clean(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.toWellFormed().replace(WHITE_CONTROLS, ' ').replace(INVISIBLE, '').replace(TOO_MANY_MARKS, '$1').normalize('NFC');
}

/**
 * A secret as a server may give it back: as it reads it, its words (`Bearer abc` → `abc`), and each of these in hex, percent-encoding, and
 * base64, alone or inside of a longer text (base64 of `Bearer abc` holds no base64 of `abc`).
 */
function formsOf(secret: string): readonly string[] {
  const plain = [secret, ...wordsOf(secret)].flatMap(readingsOf);
  const encoded = plain.filter((form) => form.length >= MIN_DERIVED_CHARS).flatMap((form) => bytesOf(form).flatMap(encodingsOf));
  return [...plain, ...encoded].map((form) => clean(form).trim()).filter((form) => form !== '');
}

function wordsOf(secret: string): readonly string[] {
  return secret.split(/\s+/, MAX_WORDS).filter((word) => word.length >= MIN_DERIVED_CHARS);
}

/**
 * No form of `secret` has fewer characters. No encoding of {@link MIN_DERIVED_CHARS} characters or more is shorter than they are, so the
 * secret and its words decide. 0 where cleaning may make a form shorter.
 */
function shortestFormOf(secret: string): number {
  if (!PLAIN.test(secret)) return 0;
  const plain = [secret.trim(), ...wordsOf(secret)].filter((form) => form !== '');
  return Math.min(...plain.map((form) => form.length));
}

const ASCII = /^[\0-\x7f]*$/;
const LATIN1 = /^[\0-\xff]*$/;
const WINDOWS_1252 = new TextDecoder('windows-1252');

/**
 * How servers read the bytes of a secret: as ISO 8859-1 (HTTP of old), as UTF-8, or as Windows-1252, which many take for the first. A
 * header's value is held with one byte in each character; a text beyond that went out as UTF-8.
 */
function readingsOf(secret: string): readonly string[] {
  if (ASCII.test(secret)) return [secret];
  const sent = Buffer.from(secret, LATIN1.test(secret) ? 'latin1' : 'utf8');
  return [secret, sent.toString('latin1'), sent.toString('utf8'), WINDOWS_1252.decode(sent)];
}

/** The bytes of a text that a server encodes: UTF-8, or one for each character where that is possible. */
function bytesOf(text: string): readonly Buffer[] {
  const utf8 = Buffer.from(text, 'utf8');
  return ASCII.test(text) || !LATIN1.test(text) ? [utf8] : [utf8, Buffer.from(text, 'latin1')];
}

function encodingsOf(bytes: Buffer): readonly string[] {
  const hex = bytes.toString('hex');
  // As `encodeURIComponent` does, and as RFC 3986, 2.3 has it; of bytes, which need be no UTF-8.
  const percent = [/[^\w.!~*'()-]/g, /[^\w.~-]/g].map((escaped) => bytes.toString('latin1').replace(escaped, escapeByte));
  const base64 = [bytes.toString('base64').replace(/=+$/, ''), ...[0, 1, 2].map((offset) => base64Inside(bytes, offset))];
  return [
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    hex,
    hex.toUpperCase(),
    ...percent,
    ...percent.map((text) => text.replace(/%../g, (code) => code.toLowerCase())),
  ];
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** The characters of a base64 text that hold nothing but `bytes`, when these begin `offset` bytes behind a whole group of three. */
function base64Inside(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return text.slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + bytes.length) * 4) / 3));
}

/**
 * Cuts the text at every occurrence, so that each seam is a redaction. Only the first `maxChars + 1` pieces can show: their seams alone
 * are longer than `maxChars`, and that bounds the pieces whatever the text holds.
 */
function redact(text: string, forms: readonly string[], maxChars: number): string {
  let pieces = [text];
  for (const form of forms) {
    if (!text.includes(form)) continue;
    pieces = pieces.flatMap((piece) => piece.split(form, maxChars + 1)).slice(0, maxChars + 1);
  }
  return pieces.join(REDACTED);
}

function clamp(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  const cut = text.slice(0, Math.max(0, splitsPair ? maxChars - 1 : maxChars));
  // A slice keeps its whole parent alive: 512 characters of a 4 MiB name would hold 4 MiB.
  return Buffer.from(cut, 'utf16le').toString('utf16le');
}
