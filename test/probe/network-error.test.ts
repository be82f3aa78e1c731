import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeNetworkError, isLocalShortage } from '../../src/probe/network-error.ts';

const failing = (code: string, message = 'secret.example.com refused') => Object.assign(new Error(message), { code });
/** As OpenSSL 3.5 in Node 26 words it; `reason` and the number differ, nothing else. */
const openssl = (reason: string, alert: number) =>
  `402308BA057F0000:error:0A000410:SSL routines:ssl3_read_bytes:${reason}:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number ${alert}\n`;

describe('describeNetworkError', () => {
  it('keeps the code and the phase of a socket error, and no word of its message', () => {
    const fact = describeNetworkError(failing('ECONNREFUSED'), 'connect');
    expect(fact).toEqual({ kind: 'network', stage: 'connect', errorCode: 'ECONNREFUSED' });
  });

  it('knows the stage from the code where the code says it', () => {
    expect(describeNetworkError(failing('ENOTFOUND'), 'connect')).toMatchObject({ stage: 'resolve' });
    expect(describeNetworkError(failing('CERT_HAS_EXPIRED'), 'connect')).toMatchObject({ stage: 'tls' });
    expect(describeNetworkError(failing('HPE_INVALID_CONSTANT'), 'tls')).toMatchObject({ stage: 'http' });
    expect(describeNetworkError(failing('ECONNRESET', 'socket hang up'), 'http')).toMatchObject({ stage: 'http' });
  });

  it('A10: looks through causes', () => {
    const error = new TypeError('fetch failed', { cause: new Error('outer', { cause: failing('ECONNREFUSED') }) });
    expect(describeNetworkError(error, 'connect')).toMatchObject({ errorCode: 'ECONNREFUSED' });
  });

  it('A10: looks through the members of an aggregate', () => {
    const error = new AggregateError([failing('ETIMEDOUT'), failing('ETIMEDOUT')]);
    expect(describeNetworkError(error, 'connect')).toEqual({ kind: 'network', stage: 'connect', errorCode: 'ETIMEDOUT' });
    expect(describeNetworkError(new Error('x', { cause: error }), 'connect')).toMatchObject({ errorCode: 'ETIMEDOUT' });
  });

  it('A10: of an aggregate, an unreachable address is not what happened when another one answered', () => {
    const error = Object.assign(new AggregateError([failing('ENETUNREACH'), failing('ECONNREFUSED')]), { code: 'ENETUNREACH' });
    expect(describeNetworkError(error, 'connect')).toMatchObject({ errorCode: 'ECONNREFUSED' });
    const all = Object.assign(new AggregateError([failing('ENETUNREACH'), failing('EHOSTUNREACH')]), { code: 'ENETUNREACH' });
    expect(describeNetworkError(all, 'connect')).toMatchObject({ errorCode: 'ENETUNREACH' });
    expect(describeNetworkError(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'connect')).toMatchObject({
      errorCode: 'ECONNREFUSED',
    });
  });

  it('A10: a circle of causes, or thousands of them, ends', () => {
    const circle = failing('E_UNKNOWN');
    circle.cause = circle;
    expect(describeNetworkError(circle, 'connect')).toEqual({ kind: 'unexpected', stage: 'connect' });
    let deep: Error = failing('ECONNREFUSED');
    for (let depth = 0; depth < 10_000; depth++) deep = new Error('x', { cause: deep });
    expect(describeNetworkError(deep, 'connect')).toEqual({ kind: 'unexpected', stage: 'connect' });
    const wide = new AggregateError(Array.from({ length: 100_000 }, () => new AggregateError([failing('E_UNKNOWN')])));
    expect(describeNetworkError(wide, 'connect')).toEqual({ kind: 'unexpected', stage: 'connect' });
  });

  it('reads the alert about our certificate from the code of TLS 1.3', () => {
    const codes: [string, number][] = [
      ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 116],
      ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 48],
      ['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', 49],
      ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 42],
      ['ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE', 43],
      ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED', 44],
      ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 45],
      ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 46],
    ];
    for (const [errorCode, tlsAlert] of codes) {
      expect(describeNetworkError(failing(errorCode), 'http')).toEqual({ kind: 'network', stage: 'tls', errorCode, tlsAlert });
    }
  });

  it('understands the names of OpenSSL 3.2 and later, which have a slash', () => {
    expect(describeNetworkError(failing('ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED'), 'http')).toEqual({
      kind: 'network',
      stage: 'tls',
      errorCode: 'ERR_SSL_SSL_TLS_ALERT_CERTIFICATE_EXPIRED',
      tlsAlert: 45,
    });
  });

  it('reads the number of the alert, and nothing else, from the text of TLS 1.2', () => {
    const describe12 = (message: string) => describeNetworkError(failing('EPROTO', message), 'tls');
    expect(describe12(`write EPROTO ${openssl('tlsv1 alert unknown ca', 48)}`)).toMatchObject({
      errorCode: 'EPROTO',
      tlsAlert: 48,
    });
    expect(describe12(`write EPROTO ${openssl('ssl/tls alert handshake failure', 40)}`)).toMatchObject({ tlsAlert: 40 });
    expect(describe12('unknown ca, bad certificate')).toEqual({ kind: 'network', stage: 'tls', errorCode: 'EPROTO' });
    expect(describe12('SSL alert number 999')).toEqual({ kind: 'network', stage: 'tls', errorCode: 'EPROTO' });
    expect(describe12(`${'x'.repeat(2_000)}SSL alert number 48`)).toEqual({ kind: 'network', stage: 'tls', errorCode: 'EPROTO' });
    // Only TLS errors are read: the text of another one proves nothing.
    expect(describeNetworkError(failing('ECONNRESET', 'SSL alert number 48'), 'tls')).not.toHaveProperty('tlsAlert');
  });

  it('calls too large a head a limit', () => {
    expect(describeNetworkError(failing('HPE_HEADER_OVERFLOW'), 'http')).toEqual({
      kind: 'limit',
      stage: 'http',
      limit: 'headers',
    });
  });

  it('E5: passes on no unknown code, and no message', () => {
    for (const code of ['E_SECRET_TOKEN', 'ERR_SSL_lower', `HPE_${'A'.repeat(80)}`, 'econnrefused', '']) {
      expect(describeNetworkError(failing(code), 'http')).toEqual({ kind: 'unexpected', stage: 'http' });
    }
  });

  it('never throws, whatever was thrown', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    );
    for (const thrown of [undefined, null, 1, 'ECONNREFUSED', Symbol('x'), hostile, { code: 7, cause: hostile, errors: 'no' }]) {
      expect(describeNetworkError(thrown, 'tls')).toEqual({ kind: 'unexpected', stage: 'tls' });
    }
    fc.assert(fc.property(fc.anything(), (thrown) => describeNetworkError(thrown, 'http').kind === 'unexpected'));
  });
});

describe('isLocalShortage', () => {
  it('is true when we ran out of descriptors, at any depth, and for nothing else', () => {
    expect(isLocalShortage(failing('EMFILE'))).toBe(true);
    expect(isLocalShortage(new AggregateError([new Error('x', { cause: failing('ENOBUFS') })]))).toBe(true);
    expect(isLocalShortage(failing('ECONNREFUSED'))).toBe(false);
    expect(isLocalShortage('EMFILE')).toBe(false);
  });
});
