/**
 * The private key of an OAuth client (RFC 7523), from the bytes of a Secret: PEM or JWK in, a key that can only sign out. It says whether
 * key and algorithm fit together; it never exports, prints or guesses: an encrypted, public or short key is none.
 */
import { createPrivateKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';
import { importPKCS8 } from 'jose/key/import';
import * as z from 'zod';
import type { OAuth } from '../api/v1alpha1/auth.ts';
import { LIMITS } from './limits.ts';

type Algorithm = NonNullable<NonNullable<OAuth['privateKeyRef']>['alg']>;

/** A key, the algorithm that the assertion's header names, and the key's identifier. */
export interface ClientKey {
  readonly key: CryptoKey;
  readonly alg: Algorithm;
  readonly kid?: string;
}

/** What the spec says about the key; both win over what a JWK says about itself. */
export interface DeclaredKey {
  readonly alg?: Algorithm | undefined;
  readonly kid?: string | undefined;
}

/** RFC 7518, 3.3: an RSA key of 2048 bits or larger must be used. */
const MIN_RSA_BITS = 2048;
/** Signing takes the cube of the length: 0.1 s with 8,192 bits; with 65,536 a minute, of a thread that name look-ups share. */
const MAX_RSA_BITS = 8192;

/** The members of a JWK that are about its use; the key itself is Node's to read. */
const JWK = z.looseObject({
  kty: z.string(),
  alg: z.string().optional().catch(undefined),
  kid: z.string().max(256).optional().catch(undefined),
});

/** Reads a key; undefined when the bytes hold none that can sign with the declared algorithm. */
export async function readClientKey(bytes: Uint8Array, declared: DeclaredKey): Promise<ClientKey | undefined> {
  // An RSA key of 8,192 bits has 6.4 KB as PEM.
  if (bytes.length > LIMITS.authorizationBytes) return undefined;
  const text = Buffer.from(bytes).toString('utf8').trim();
  const jwk = text.startsWith('{') ? readJWK(text) : undefined;
  try {
    const key = createPrivateKey(jwk === undefined ? text : jwk.input);
    const fitting = algorithmsOf(key);
    const alg = declared.alg ?? fitting.find((each) => each === jwk?.alg) ?? fitting[0];
    if (alg === undefined || !fitting.includes(alg)) return undefined;
    const kid = declared.kid ?? jwk?.kid;
    const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { key: await importPKCS8(pem, alg), alg, ...(kid === undefined ? {} : { kid }) };
  } catch {
    return undefined;
  }
}

function readJWK(text: string): { input: JsonWebKeyInput; alg: string | undefined; kid: string | undefined } | undefined {
  try {
    const { alg, kid, ...key } = JWK.parse(JSON.parse(text));
    return { input: { key, format: 'jwk' }, alg, kid };
  } catch {
    return undefined;
  }
}

/** The algorithms that a key can sign with, the usual one first. */
function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly Algorithm[] {
  if (asymmetricKeyType === 'rsa') {
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return bits < MIN_RSA_BITS || bits > MAX_RSA_BITS ? [] : ['RS256', 'PS256'];
  }
  if (asymmetricKeyType === 'ed25519') return ['EdDSA'];
  if (asymmetricKeyType !== 'ec') return [];
  if (asymmetricKeyDetails?.namedCurve === 'prime256v1') return ['ES256'];
  return asymmetricKeyDetails?.namedCurve === 'secp384r1' ? ['ES384'] : [];
}
