import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createSanitizer, MAX_INPUT_CHARS, REDACTED, sanitizeText } from '../../src/probe/sanitize.ts';

const TOKEN = 'eyJhbGciOiJub25lIn0.c2VjcmV0LWNhbmFyeQ.sig-Nature_~+/=';
const plain = (text: string, maxChars = 512) => sanitizeText(text, maxChars, []);

describe('sanitizeText', () => {
  it('leaves ordinary text of any script as it is', () => {
    for (const text of ['get_weather', 'Ünïcode ž', '日本語ツール', 'العربية', 'naïve 🎉', '']) expect(plain(text)).toBe(text);
  });

  it('normalizes to NFC, also where an invisible character kept two halves apart', () => {
    expect(plain('e\u0301')).toBe('é');
    expect(plain('e\u200b\u0301')).toBe('é');
  });

  it('removes controls, bidi, zero-width, tags, fillers and separators', () => {
    const codes = [
      0x00, 0x07, 0x1b, 0x7f, 0x9f, 0xad, 0x34f, 0x61c, 0x115f, 0x200b, 0x200d, 0x200e, 0x202e, 0x2060, 0x2066, 0x3164,
    ];
    for (const code of [...codes, 0xfe0f, 0xfeff, 0xfff9, 0xe0041, 0xe0100]) {
      expect(plain(`a${String.fromCodePoint(code)}b`), code.toString(16)).toBe('ab');
    }
  });

  it('makes one line, whose words stay apart', () => {
    for (const gap of ['\n', '\r\n', '\t', '\v', '\f', '\x85', '\u2028', '\u2029']) expect(plain(`a${gap}b`)).toBe('a b');
  });

  /** What `sanitize` gives the platform to normalize, whose time grows with the square of a run of marks. */
  const normalizedBy = (sanitize: () => void): readonly string[] => {
    const spy = vi.spyOn(String.prototype, 'normalize');
    try {
      sanitize();
      return spy.mock.contexts.map(String);
    } finally {
      spy.mockRestore();
    }
  };

  it.each([
    ['in turn', '\u0301\u0323'.repeat(500_000)],
    ['of one kind and then of another', `${'\u0301'.repeat(500_000)}${'\u0323'.repeat(500_000)}`],
    ['behind what is removed', `\u200b${'\u0323\u200d\u0301'.repeat(300_000)}`],
  ])('a name of 1 MB of combining marks %s costs linear time: no run of more than 30 is ever normalized', (_how, marks) => {
    let shown = '';
    const normalized = normalizedBy(() => {
      shown = plain(`a${marks}b`);
    });
    expect(normalized).toHaveLength(1);
    expect(Math.max(...normalized.flatMap((text) => (text.match(/\p{M}+/gu) ?? []).map((run) => run.length)))).toBe(30);
    expect(shown.length).toBeLessThanOrEqual(32);
  });

  it('of a long text no more than 64 KiB characters are looked at', () => {
    const normalized = normalizedBy(() => plain('é'.repeat(2_000_000)));
    expect(normalized.map((text) => text.length)).toEqual([MAX_INPUT_CHARS]);
  });

  it('E5: nothing shows of a credential that this bound cuts through, whatever was removed before it', () => {
    for (const shownChars of [1, 20, TOKEN.length - 1]) {
      const before = `abc${'\u200b'.repeat(MAX_INPUT_CHARS - 3 - shownChars)}`;
      const shown = sanitizeText(`${before}${TOKEN}${'z'.repeat(99)}`, 512, [TOKEN]);
      expect('abc'.startsWith(shown), shown).toBe(true);
    }
    const shown = sanitizeText(`${TOKEN}${'z'.repeat(2 * MAX_INPUT_CHARS)}`, 32, [TOKEN]);
    expect(shown).toBe(`${REDACTED}${'z'.repeat(22)}`);
  });

  it('replaces lone surrogates', () => {
    expect(plain('a\ud800b\udc00')).toBe('a\ufffdb\ufffd');
  });

  it('cuts at the bound, never through a pair', () => {
    expect(plain('abcdef', 3)).toBe('abc');
    expect(plain('abc', 3)).toBe('abc');
    expect(plain('ab🎉', 3)).toBe('ab');
    expect(plain('ab🎉', 4)).toBe('ab🎉');
    expect(plain('abc', 0)).toBe('');
  });

  it('E5: redacts a credential wherever it stands, as often as it stands', () => {
    expect(sanitizeText(`x${TOKEN}y${TOKEN}`, 512, [TOKEN])).toBe(`x${REDACTED}y${REDACTED}`);
    expect(sanitizeText(TOKEN, 512, [`Bearer ${TOKEN}`])).toBe(REDACTED);
    expect(sanitizeText('nothing here', 512, [TOKEN, ''])).toBe('nothing here');
  });

  it('E5: redacts base64 of a longer text that holds it, at any of the three offsets', () => {
    const secret = 'canary-secret-0123456789';
    for (const prefix of ['', 'B', 'Be', 'Bearer ']) {
      for (const suffix of ['', '!', '!!', ' and more']) {
        for (const alphabet of ['base64', 'base64url'] as const) {
          const reflected = Buffer.from(prefix + secret + suffix).toString(alphabet);
          const shown = sanitizeText(reflected, 512, [secret]);
          // At each seam at most one group of base64 mixes bits of the secret with others: 6 characters of 32 tell nothing.
          expect(shown, reflected).toContain(REDACTED);
          expect(shown.replace(REDACTED, '').length, reflected).toBeLessThanOrEqual(reflected.length - 28);
        }
      }
    }
  });

  it('E5: redacts its base64, base64url, hex and percent-encoded forms', () => {
    const bytes = Buffer.from(TOKEN);
    for (const form of [
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      encodeURIComponent(TOKEN),
    ]) {
      expect(sanitizeText(`tool ${form}`, 512, [TOKEN])).toMatch(/^tool \[redacted\]=*$/);
    }
  });

  describe.each([
    ['UTF-8', Buffer.from('pässwörd-ÿ€-0123456789', 'utf8')],
    ['ISO 8859-1', Buffer.from('pässwörd-ÿþ-0123456789', 'latin1')],
    ['neither', Buffer.from([0x70, 0xe4, 0x80, 0xc3, 0x28, 0xff, 0x9f, ...Buffer.from('-0123456789')])],
  ])('E5: a credential in %s is redacted', (_charset, sent) => {
    // As the header's value is held: one byte, one character.
    const secret = sent.toString('latin1');
    const readings: [string, string][] = [
      ['ISO 8859-1', sent.toString('latin1')],
      ['UTF-8', sent.toString('utf8')],
      ['Windows-1252', new TextDecoder('windows-1252').decode(sent)],
    ];
    it.each(readings)('as a server reads it that takes it for %s, raw and encoded', (_reading, read) => {
      const bytes = [Buffer.from(read, 'utf8'), ...(/^[\0-\xff]*$/.test(read) ? [Buffer.from(read, 'latin1')] : [])];
      const percent = (text: Buffer) =>
        text.toString('latin1').replace(/[^\w.-]/g, (byte) => `%${Buffer.from(byte, 'latin1').toString('hex')}`);
      const encoded = bytes.flatMap((text) => [
        text.toString('hex'),
        text.toString('hex').toUpperCase(),
        percent(text),
        percent(text).replace(/%../g, (code) => code.toUpperCase()),
      ]);
      for (const form of [read, `Bearer ${read}`, encodeURIComponent(read), ...encoded]) {
        const shown = sanitizeText(`tool ${form}`, 2048, [secret]);
        expect(shown, form).toMatch(/^tool (Bearer )?\[redacted\]$/);
      }
      for (const prefix of ['', 'B', 'Be', 'Bearer ']) {
        for (const text of bytes) {
          const reflected = Buffer.concat([Buffer.from(prefix), text]).toString('base64');
          const shown = sanitizeText(reflected, 2048, [secret]);
          expect(shown, reflected).toContain(REDACTED);
          expect(shown.replace(REDACTED, '').length, reflected).toBeLessThanOrEqual(Math.ceil((prefix.length * 4) / 3) + 6);
        }
      }
    });
  });

  it('E5: a client secret beyond ISO 8859-1 is redacted, also as a server reads it byte by byte', () => {
    const secret = 'пароль-密码-0123456789';
    for (const form of [secret, Buffer.from(secret).toString('latin1'), Buffer.from(secret).toString('base64url')]) {
      expect(sanitizeText(form, 512, [secret])).toBe(REDACTED);
    }
  });

  it('E5: a text that is nothing but one form of a credential is redacted, whatever its length', () => {
    const word = fc.stringMatching(/^[!-~]{1,12}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), fc.constantFrom('', ' '), (words, edge) => {
        const secret = `${edge}${words.join(' ')}${edge}`;
        const long = [secret, ...words].filter((text) => text.length >= 8).map((text) => Buffer.from(text));
        const encoded = long.flatMap((bytes) => [
          bytes.toString('hex'),
          bytes.toString('base64url'),
          encodeURIComponent(bytes.toString()),
          // The form at the second and third offset, without what its neighbours decide.
          ...[1, 2].map((offset) => {
            const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64url');
            return text.slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + bytes.length) * 4) / 3));
          }),
        ]);
        const plain = [secret.trim(), ...words.filter((text) => text.length >= 8)];
        const sanitize = createSanitizer([secret]);
        for (const form of [...plain, ...encoded]) expect(sanitize(form, 512)).toContain(REDACTED);
      }),
    );
  });

  it('E5: an invisible character inside a reflected token hides nothing', () => {
    expect(sanitizeText(`${TOKEN.slice(0, 9)}\u200b${TOKEN.slice(9)}`, 512, [TOKEN])).toBe(REDACTED);
  });

  it('E5: a cut shows no part of a token', () => {
    for (const maxChars of [4, 20, 30]) {
      expect(sanitizeText(`abc${TOKEN}`, maxChars, [TOKEN])).toBe(`abc${REDACTED}`.slice(0, maxChars));
    }
  });

  it('takes the longer of two secrets whole when one contains the other', () => {
    for (const secrets of [
      ['secret-1', 'secret-12345'],
      ['secret-12345', 'secret-1'],
    ]) {
      expect(sanitizeText('secret-12345', 512, secrets)).toBe(REDACTED);
    }
  });

  it('a secret of one letter blows nothing up and does not eat the mark itself', () => {
    expect(sanitizeText('be', 512, ['e', 'd'])).toBe(`b${REDACTED}`);
    expect(sanitizeText('e'.repeat(1 << 20), 512, ['e', 'ee'])).toHaveLength(512);
  });

  it('holds for any text: well-formed, NFC, bounded, one visible line, no secret', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constant(TOKEN));
    const texts = fc.array(text, { maxLength: 6 }).map((parts) => parts.join(''));
    const sanitize = createSanitizer([TOKEN]);
    fc.assert(
      fc.property(texts, fc.nat(80), (given, maxChars) => {
        const shown = sanitize(given, maxChars);
        expect(shown.length).toBeLessThanOrEqual(maxChars);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown.normalize('NFC')).toBe(shown);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u);
        expect(shown).not.toContain(TOKEN);
        expect(sanitize(shown, maxChars)).toBe(shown);
      }),
      { numRuns: 500 },
    );
  });
});
