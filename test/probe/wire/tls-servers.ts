/**
 * TLS servers that fail at their handshake, for real: certificates of every wrong kind, stacks that share no version or cipher, servers that
 * stall in the middle, and the alerts of a stack that checks client certificates itself (`openssl s_server`; Node's own server checks after
 * the handshake and says nothing). Raw records stand where no stack can be made to send them.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAuthority, type IssueOptions } from '../../../hack/controlplane/certificates.ts';
import { until } from '../../platform/until.ts';
import { dataObject } from '../testbed.ts';
import type { Wire } from './wire-case.ts';

export const authority = createAuthority({ name: 'Test CA' });
const stranger = createAuthority({ name: 'Another CA' });
export const DAY_MS = 86_400_000;

const client = authority.issue({ commonName: 'client', usage: 'client' });
const strangeClient = stranger.issue({ commonName: 'client', usage: 'client' });

/** A certificate for 127.0.0.1, unless told otherwise. */
export function certificate(options: Partial<IssueOptions> = {}) {
  const pair = authority.issue({ commonName: 's', usage: 'server', ipAddresses: ['127.0.0.1'], ...options });
  return { cert: pair.certPem, key: pair.keyPem };
}

/** A certificate that vouches for itself, of a P-256 key, valid for a day. */
export function selfSigned() {
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const names = [
    '-subj',
    '/CN=127.0.0.1',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  const pem = execFileSync('openssl', ['req', ...kind, ...names, '-keyout', '-', '-out', '-'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return { cert: pem, key: pem };
}

const ANSWER = JSON.stringify({ jsonrpc: '2.0', id: 0, result: { supportedVersions: ['2026-07-28'], capabilities: {} } });

/** Serves HTTPS with these options; resolves with its URL. */
export async function serveTLS({ defer }: Wire, options: https.ServerOptions = certificate()): Promise<string> {
  const server = https.createServer(options, (_request, reply) => void reply.end(ANSWER));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

/** Passes the first `bytes` of what a server says, and then nothing more. */
export async function stallAfter({ defer }: Wire, url: string, bytes: number): Promise<string> {
  const upstreamPort = Number(new URL(url).port);
  const sockets = new Set<net.Socket>();
  const relay = net.createServer((socket) => {
    const upstream = net.connect(upstreamPort, '127.0.0.1');
    let left = bytes;
    for (const each of [socket, upstream]) {
      sockets.add(each);
      each.on('error', () => {});
    }
    socket.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      if (left > 0) socket.write(chunk.subarray(0, left));
      left -= chunk.length;
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  defer(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => relay.close(resolve));
  });
  return `https://127.0.0.1:${(relay.address() as AddressInfo).port}/mcp`;
}

/** A fatal alert as a plain record (RFC 8446, 5.1 and 6), in answer to a ClientHello. */
export function alertRecord(alert: number): Buffer {
  return Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, alert]);
}

/** The bundle of {@link authority}, trusted alone; and the Secrets `me` and `stranger` with client certificates. */
export function trust({ bed }: Wire) {
  bed.configMaps.set('ca', dataObject({ 'ca.crt': authority.certPem }));
  bed.secrets.set('me', dataObject({ 'tls.crt': client.certPem, 'tls.key': client.keyPem }));
  bed.secrets.set('stranger', dataObject({ 'tls.crt': strangeClient.certPem, 'tls.key': strangeClient.keyPem }));
  return { caBundleRef: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } };
}

/** `openssl s_server` that demands a client certificate of {@link authority}; resolves with its URL. */
export async function serveOpenSSL({ defer }: Wire, version: '-tls1_2' | '-tls1_3'): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'openssl-'));
  const file = (name: string, text: string) => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const { cert, key } = certificate();
  const pair = ['-cert', file('s.crt', cert), '-key', file('s.key', key), '-CAfile', file('ca.crt', authority.certPem)];
  const args = ['s_server', version, '-accept', '127.0.0.1:0', ...pair, '-Verify', '2', '-verify_return_error'];
  const server = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'ignore'] });
  defer(() => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  let said = '';
  let failed = false;
  server.on('error', () => {
    failed = true;
  });
  server.stdout.on('data', (chunk) => {
    said += String(chunk);
  });
  const port = await until(
    () => {
      if (failed) throw new Error('there is no openssl');
      return /ACCEPT 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
    },
    { what: 'openssl listens' },
  );
  return `https://127.0.0.1:${port}/mcp`;
}
