import { describe, expect, test } from 'vitest';
import { cleanFields, REDACTED } from '../../src/telemetry/fields.ts';

describe('fields of a log line', () => {
  test('values of known secret names are hidden in every spelling and at every depth', () => {
    const canary = 'canary-token-value';
    const fields = {
      token: canary,
      Authorization: `Bearer ${canary}`,
      'x-api-key': canary,
      client_secret: { nested: canary },
      request: { headers: { accept: canary }, options: { 'Set-Cookie': [canary] } },
      list: [{ password: canary }],
    };
    const text = JSON.stringify(cleanFields(fields, true));
    expect(text).not.toContain(canary);
    expect(text.split(REDACTED).length - 1).toBe(7 - 0);
  });

  test('names that only resemble a secret name are kept', () => {
    expect(cleanFields({ tokenCount: 3, name: 'secret-server', secretName: 's' }, false)).toEqual({
      tokenCount: 3,
      name: 'secret-server',
      secretName: 's',
    });
  });

  test('a URL keeps host and path, and loses user info, query and fragment', () => {
    const clean = cleanFields({ at: 'GET https://user:pw@mcp.example.com:8443/mcp?key=abc#x failed, see HTTP://h?q' }, false);
    expect(clean['at']).toBe('GET https://mcp.example.com:8443/mcp failed, see HTTP://h');
  });

  test('the message of an error stays out unless it was asked for, because the runtime quotes input in it', () => {
    const error = new Error('Unexpected token, "canary-body" is not valid JSON\n    at canary-body', {
      cause: Object.assign(new Error('canary-body'), { code: 'ECONNRESET' }),
    });
    const quiet = cleanFields({ error }, false);
    expect(JSON.stringify(quiet)).not.toContain('canary-body');
    expect(quiet['error']).toMatchObject({ type: 'Error', cause: { type: 'Error', code: 'ECONNRESET' } });
    expect(JSON.stringify(quiet)).toContain('fields.test.ts');
    expect(JSON.stringify(cleanFields({ error }, true))).toContain('canary-body');
  });

  test('an assertion of ours tells its message at every level', () => {
    const clean = cleanFields({ error: new Error('assertion failed: the queue is empty') }, false);
    expect(clean['error']).toMatchObject({ message: 'assertion failed: the queue is empty' });
  });

  test('length, width and depth are bounded, and cycles end', () => {
    const wide: Record<string, unknown> = { long: 'x'.repeat(1_000_000) };
    wide['self'] = wide;
    for (let i = 0; i < 1000; i += 1) wide[`field${i}`] = i;
    expect(JSON.stringify(cleanFields(wide, false)).length).toBeLessThan(128 * 1024);
    expect(cleanFields({ buffer: Buffer.from('canary') }, false)).toEqual({ buffer: '[object]' });
  });

  test('control characters do not reach a terminal', () => {
    expect(cleanFields({ name: 'a\u001b[31mb\r\nc\u202ed' }, false)).toEqual({ name: 'a [31mb  c d' });
  });
});
