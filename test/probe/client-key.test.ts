import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readClientKey } from '../../src/probe/client-key.ts';

const bytes = (text: string) => Buffer.from(text);
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const jwk = (key: KeyObject, more: object = {}) => JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed25519 = generateKeyPairSync('ed25519');

describe('a private key', () => {
  const kinds: [string, KeyObject, string, string][] = [
    ['RSA', rsa.privateKey, 'RS256', 'RSASSA-PKCS1-v1_5'],
    ['P-256', p256.privateKey, 'ES256', 'ECDSA'],
    ['P-384', p384.privateKey, 'ES384', 'ECDSA'],
    ['Ed25519', ed25519.privateKey, 'EdDSA', 'Ed25519'],
  ];
  it.each(kinds)(
    '%s is read as PEM and as JWK, signs with its usual algorithm, and can not be taken out',
    async (...[, key, alg, name]) => {
      for (const text of [pem(key), `\n${pem(key)}\n\n`, jwk(key)]) {
        const read = await readClientKey(bytes(text), {});
        expect(read).toMatchObject({ alg, key: { type: 'private', extractable: false, usages: ['sign'], algorithm: { name } } });
        expect(read).not.toHaveProperty('kid');
      }
    },
  );

  it('the declared algorithm and identifier win over those of a JWK, which win over the usual ones', async () => {
    const text = bytes(jwk(rsa.privateKey, { alg: 'PS256', kid: 'own' }));
    expect(await readClientKey(text, {})).toMatchObject({ alg: 'PS256', kid: 'own', key: { algorithm: { name: 'RSA-PSS' } } });
    expect(await readClientKey(text, { alg: 'RS256', kid: 'declared' })).toMatchObject({ alg: 'RS256', kid: 'declared' });
    expect(await readClientKey(bytes(jwk(rsa.privateKey, { alg: 'RSA-OAEP', kid: 7 })), {})).toMatchObject({ alg: 'RS256' });
  });
});

/** An RSA key of so many bits as PKCS #1; its numbers are of that length and otherwise no key's. */
function longRSA(bits: number): string {
  const element = (tag: number, value: Buffer) => {
    const head = Buffer.from([tag, 0x82, value.length >> 8, value.length & 255]);
    return Buffer.concat([head, value]);
  };
  const number = (size: number) => element(2, Buffer.concat([Buffer.from([0]), Buffer.alloc(size, 0xff)]));
  const small = (value: number) => element(2, Buffer.from([value]));
  const half = number(bits / 16);
  const numbers = [small(0), number(bits / 8), small(3), number(bits / 8), half, half, half, half, half];
  const der = element(0x30, Buffer.concat(numbers)).toString('base64');
  return `-----BEGIN RSA PRIVATE KEY-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END RSA PRIVATE KEY-----\n`;
}

describe('what is no usable key', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const other = generateKeyPairSync('x25519').privateKey;
  const locked = p256.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString();
  const unusable: [string, string][] = [
    ['nothing', ''],
    ['any text', 'secret'],
    ['a PEM that is cut', pem(rsa.privateKey).slice(0, 200)],
    ['an encrypted PEM', locked],
    ['a public key', p256.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['a public JWK', jwk(p256.publicKey)],
    ['a JWK without a kind', '{"d":"AA"}'],
    ['JSON that is none', '{"kty":'],
    ['a short RSA key', pem(weak)],
    ['an RSA key that would take a minute for each signature', longRSA(9_216)],
    ['a key that can not sign', pem(other)],
    ['a curve that is not offered', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey)],
    ['more than any key has', pem(p256.privateKey) + ' '.repeat(70_000)],
  ];
  it.each(unusable)('%s', async (_name, text) => {
    expect(await readClientKey(bytes(text), {})).toBeUndefined();
  });

  it('a key of another kind than the declared algorithm', async () => {
    expect(await readClientKey(bytes(pem(p256.privateKey)), { alg: 'RS256' })).toBeUndefined();
    expect(await readClientKey(bytes(pem(p256.privateKey)), { alg: 'ES384' })).toBeUndefined();
  });
});
