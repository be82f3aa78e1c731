/**
 * A certificate authority for tests and demos: X.509 v3 certificates with ECDSA P-256 keys, without any outside tool.
 *
 * It issues what real clients accept, and on request what they must refuse: expired, not yet valid, for another name, for
 * another usage. It is not for production: there is no revocation and the authority's key lives in a file.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import ipaddr from 'ipaddr.js';
import * as der from './der.ts';

/** A certificate and its key, both PEM (the key PKCS #8). */
export interface KeyPair {
  certPem: string;
  keyPem: string;
}

export interface IssueOptions {
  commonName: string;
  /** Kubernetes reads these as the groups of a client. */
  organizations?: readonly string[];
  dnsNames?: readonly string[];
  ipAddresses?: readonly string[];
  usage: 'server' | 'client';
  /** Default: five minutes ago, for clocks that disagree. */
  notBefore?: Date;
  /** Default: in 365 days. */
  notAfter?: Date;
}

export interface Authority extends KeyPair {
  /** A fresh key and a certificate for it, signed by this authority. */
  issue(options: IssueOptions): KeyPair;
}

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
} as const;

const DAY_MS = 24 * 60 * 60_000;
/** KeyUsage is a string of named bits from the left (RFC 5280, 4.2.1.3). */
const DIGITAL_SIGNATURE = der.bitString(Buffer.from([0b1000_0000]), 7);
const CERT_SIGN_AND_CRL_SIGN = der.bitString(Buffer.from([0b0000_0110]), 1);

/** Creates an authority that signs itself. Validity defaults to that of issued certificates. */
export function createAuthority(options: { name: string; notBefore?: Date; notAfter?: Date }): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = encodeName(options.name);
  const certPem = signCertificate({
    issuer: name,
    issuerKey: privateKey,
    subject: name,
    publicKey,
    ...validity(options),
    extensions: [
      extension(OID.basicConstraints, true, der.sequence(der.boolean(true))),
      extension(OID.keyUsage, true, CERT_SIGN_AND_CRL_SIGN),
      extension(OID.subjectKeyIdentifier, false, der.octetString(keyIdentifier(publicKey))),
    ],
  });
  return openAuthority({ certPem, keyPem: exportKey(privateKey) });
}

/** An authority from the files of an earlier one. Its name must be a single common name, as {@link createAuthority} makes it. */
export function openAuthority(pair: KeyPair): Authority {
  const issuerKey = createPrivateKey(pair.keyPem);
  const issuer = encodeName(new X509Certificate(pair.certPem).subject.replace(/^CN=/, ''));
  const issuerKeyIdentifier = keyIdentifier(createPublicKey(issuerKey));
  return {
    ...pair,
    issue(options) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = [
        ...(options.dnsNames ?? []).map((name) => der.implicit(2, Buffer.from(name, 'ascii'))),
        ...(options.ipAddresses ?? []).map((address) => der.implicit(7, Buffer.from(ipaddr.parse(address).toByteArray()))),
      ];
      const certPem = signCertificate({
        issuer,
        issuerKey,
        subject: encodeName(options.commonName, options.organizations),
        publicKey,
        ...validity(options),
        extensions: [
          extension(OID.basicConstraints, true, der.sequence()),
          extension(OID.keyUsage, true, DIGITAL_SIGNATURE),
          extension(OID.extendedKeyUsage, false, der.sequence(der.objectIdentifier(OID[options.usage]))),
          extension(OID.authorityKeyIdentifier, false, der.sequence(der.implicit(0, issuerKeyIdentifier))),
          ...(names.length > 0 ? [extension(OID.subjectAltName, false, der.sequence(...names))] : []),
        ],
      });
      return { certPem, keyPem: exportKey(privateKey) };
    },
  };
}

interface CertificateFields {
  issuer: Buffer;
  issuerKey: KeyObject;
  subject: Buffer;
  publicKey: KeyObject;
  notBefore: Date;
  notAfter: Date;
  extensions: Buffer[];
}

function signCertificate(fields: CertificateFields): string {
  const algorithm = der.sequence(der.objectIdentifier(OID.ecdsaWithSha256));
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    // RFC 5280, 4.1.2.2: positive and at most 20 octets.
    der.integer(randomBytes(16)),
    algorithm,
    fields.issuer,
    der.sequence(der.time(fields.notBefore), der.time(fields.notAfter)),
    fields.subject,
    fields.publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...fields.extensions)),
  );
  const signature = sign('sha256', body, fields.issuerKey);
  const base64 = der.sequence(body, algorithm, der.bitString(signature)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function validity(options: { notBefore?: Date; notAfter?: Date }): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: options.notBefore ?? new Date(Date.now() - 5 * 60_000),
    notAfter: options.notAfter ?? new Date(Date.now() + 365 * DAY_MS),
  };
}

/** Organizations first, the common name last, as Go's crypto/x509 writes them. */
function encodeName(commonName: string, organizations: readonly string[] = []): Buffer {
  const attribute = (oid: string, value: string) => der.setOfOne(der.sequence(der.objectIdentifier(oid), der.utf8String(value)));
  return der.sequence(...organizations.map((value) => attribute(OID.organization, value)), attribute(OID.commonName, commonName));
}

function extension(oid: string, isCritical: boolean, value: Buffer): Buffer {
  // DER leaves a default value out, and "not critical" is the default.
  return der.sequence(der.objectIdentifier(oid), ...(isCritical ? [der.boolean(true)] : []), der.octetString(value));
}

/** RFC 7093, method 1: the leftmost 160 bits of the sha256 of the public key. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
