/**
 * Rows 1–14 of page 4 over real sockets and TLS. A scripted DNS server stands behind `dns.wire.test.ts`; here a resolver of ours gives the
 * codes of rows 1 and 2 beside what the system's resolver says without asking anybody. No packet leaves 127.0.0.0/8.
 */
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import { closedPort } from '../scripted-server.ts';
import {
  alertRecord,
  authority,
  certificate,
  DAY_MS,
  selfSigned,
  serveOpenSSL,
  serveTLS,
  stallAfter,
  trust,
} from './tls-servers.ts';
import { IMPATIENT, type SpecInput, toLoopback, type Wire, type WireCase } from './wire-case.ts';

const failsWith = (errorCode: string) => ({ resolve: async () => ({ kind: 'failed', errorCode }) as const });

const NAMES: WireCase[] = [
  ...['EAI_AGAIN', 'ESERVFAIL', 'ETIMEOUT'].map(
    (code): WireCase => ({
      row: 1,
      signal: `the resolver says ${code}`,
      expected: 'Transient DNSLookupFailed, burst',
      stage: 'resolve',
      attempts: 3,
      says: code,
      options: failsWith(code),
      run: ({ probe }) => probe({ url: 'http://tools.example/mcp' }),
    }),
  ),
  {
    row: 1,
    signal: 'a look-up that never ends',
    expected: 'Transient DNSLookupFailed, burst, silent',
    stage: 'resolve',
    attempts: 3,
    options: { resolve: () => new Promise(() => {}) },
    run: ({ probe }) => probe({ url: 'http://tools.example/mcp', probe: IMPATIENT }),
  },
  {
    row: 2,
    signal: 'the system’s resolver, of a label that is too long for DNS',
    expected: 'Transient HostNotFound',
    stage: 'resolve',
    attempts: 1,
    says: 'ENOTFOUND',
    run: ({ probe }) => probe({ url: `http://${'x'.repeat(64)}.example/mcp` }),
  },
  {
    row: 2,
    signal: 'a name without addresses',
    expected: 'Transient HostNotFound',
    stage: 'resolve',
    attempts: 1,
    says: 'ENODATA',
    options: failsWith('ENODATA'),
    run: ({ probe }) => probe({ url: 'http://tools.example/mcp' }),
  },
];

/** A port whose listener accepts nothing and has no room for more: its thread sleeps, and its backlog is full. */
async function fullBacklog({ defer }: Wire): Promise<number> {
  const asleep = new SharedArrayBuffer(4);
  const listen = `
    const { parentPort, workerData } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(workerData), 0, 0);
    });`;
  const worker = new Worker(listen, { eval: true, workerData: asleep });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const fillers: net.Socket[] = [];
  defer(async () => {
    for (const filler of fillers) filler.destroy();
    Atomics.notify(new Int32Array(asleep), 0);
    await worker.terminate();
  });
  // A backlog of 1 takes two; the first that is not taken shows that it is full.
  for (let taken = true; taken && fillers.length < 16; ) {
    const filler = net.connect(port, '127.0.0.1').on('error', () => {});
    fillers.push(filler);
    taken = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), 300);
      filler.once('connect', () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
  return port;
}

const raw = (talk: (socket: net.Socket) => void, more: SpecInput = {}, scheme = 'http') => {
  return async ({ bed, probe }: Wire) => {
    const server = await bed.serveRaw(talk);
    return probe({ url: server.url().replace('http:', `${scheme}:`), ...more });
  };
};

const SOCKETS: WireCase[] = [
  {
    row: 3,
    signal: 'nobody listens',
    expected: 'Transient ConnectionRefused',
    stage: 'connect',
    attempts: 1,
    says: 'ECONNREFUSED',
    run: async ({ probe }) => probe({ url: `http://127.0.0.1:${await closedPort()}/mcp` }),
  },
  {
    row: 4,
    signal: 'the kernel has no route: the broadcast address of the loopback network',
    expected: 'Transient HostUnreachable',
    stage: 'connect',
    attempts: 1,
    run: ({ probe }) => probe({ url: 'http://127.255.255.255:9/mcp' }),
  },
  {
    row: 5,
    signal: 'a listener whose backlog is full, until our own deadline',
    expected: 'Transient ConnectTimeout, burst, silent',
    stage: 'connect',
    attempts: 3,
    run: async (wire) => wire.probe({ url: `http://127.0.0.1:${await fullBacklog(wire)}/mcp`, probe: IMPATIENT }),
  },
  {
    row: 5,
    signal: 'the same under a name of two addresses: ETIMEDOUT inside an AggregateError',
    expected: 'Transient ConnectTimeout, burst, silent',
    stage: 'connect',
    attempts: 3,
    says: 'ETIMEDOUT',
    options: {
      resolve: async () => ({
        kind: 'resolved',
        addresses: [
          { address: '127.0.0.1', family: 4 },
          // Nobody listens there.
          { address: '127.0.0.9', family: 4 },
        ],
      }),
    },
    run: async (wire) => wire.probe({ url: `http://two.example:${await fullBacklog(wire)}/mcp` }),
  },
  {
    row: 6,
    signal: 'reset',
    expected: 'Transient ConnectionReset, burst',
    stage: 'http',
    attempts: 3,
    says: 'ECONNRESET',
    run: raw((socket) => socket.resetAndDestroy()),
  },
  {
    row: 6,
    signal: 'closed without a word',
    expected: 'Transient ConnectionReset, burst',
    stage: 'http',
    attempts: 3,
    run: raw((socket) => void socket.end()),
  },
  {
    row: 7,
    signal: 'headers never come',
    expected: 'Transient RequestTimeout, burst, silent',
    stage: 'http',
    attempts: 3,
    run: raw(() => {}, { probe: IMPATIENT }),
  },
  {
    row: 7,
    signal: 'the body never comes',
    expected: 'Transient RequestTimeout, burst, silent',
    stage: 'payload',
    attempts: 3,
    run: raw((socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{'), { probe: IMPATIENT }),
  },
  {
    row: 8,
    signal: 'the deadline of the whole probe cuts a request',
    expected: 'Transient ProbeTimeout, silent',
    stage: 'http',
    attempts: 1,
    run: raw(() => {}, { probe: { timeoutSeconds: 10, deadlineSeconds: 2 } }),
  },
  {
    row: 14,
    signal: 'another protocol',
    expected: 'Permanent NotHTTP',
    stage: 'http',
    attempts: 1,
    run: raw((socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n')),
  },
  {
    row: 14,
    signal: 'TLS spoken on an http port',
    expected: 'Permanent NotHTTP',
    stage: 'http',
    attempts: 1,
    run: raw((socket) => void socket.end(alertRecord(40))),
  },
  {
    row: 14,
    signal: 'a body that breaks the rules of HTTP',
    expected: 'Permanent NotHTTP',
    stage: 'http',
    attempts: 1,
    run: raw((socket) => void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n')),
  },
];

const stalls = (signal: string, run: WireCase['run']): WireCase => ({
  row: 9,
  signal,
  expected: 'Transient TLSHandshakeTimeout, silent',
  stage: 'tls',
  attempts: 1,
  run,
});

const invalid = (signal: string, says: string, options: Parameters<typeof certificate>[0], more: SpecInput = {}): WireCase => ({
  row: 10,
  signal,
  expected: 'Permanent TLSCertificateInvalid, settles',
  stage: 'tls',
  attempts: 1,
  says,
  run: async (wire) => wire.probe({ url: await serveTLS(wire, certificate(options)), tls: trust(wire), ...more }),
});

const disagrees = (signal: string, run: WireCase['run']): WireCase => ({
  row: 12,
  signal,
  expected: 'Permanent TLSHandshakeFailed',
  stage: 'tls',
  attempts: 1,
  run,
});

const yesterday = { notBefore: new Date(Date.now() - 2 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) };
const tomorrow = { notBefore: new Date(Date.now() + DAY_MS), notAfter: new Date(Date.now() + 2 * DAY_MS) };

const HANDSHAKES: WireCase[] = [
  stalls(
    'nothing after our ClientHello',
    raw(() => {}, { probe: IMPATIENT }, 'https'),
  ),
  stalls('half a flight of the server', async (wire) => {
    const url = await stallAfter(wire, await serveTLS(wire), 60);
    return wire.probe({ url, tls: trust(wire), probe: IMPATIENT });
  }),
  invalid('expired', 'CERT_HAS_EXPIRED', yesterday),
  invalid('for another address', 'ERR_TLS_CERT_ALTNAME_INVALID', { ipAddresses: ['127.0.0.9'] }),
  invalid('for clients only', 'INVALID_PURPOSE', { usage: 'client' }),
  {
    ...invalid('for another name', 'ERR_TLS_CERT_ALTNAME_INVALID', {}),
    options: { resolve: toLoopback },
    run: async (wire) => {
      const url = await serveTLS(wire, certificate({ dnsNames: ['tools.example'] }));
      return wire.probe({ url: url.replace('127.0.0.1', 'other.example'), tls: trust(wire) });
    },
  },
  {
    ...invalid('of an unknown authority', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', {}),
    run: async (wire) => wire.probe({ url: await serveTLS(wire) }),
  },
  {
    ...invalid('self-signed in the chain', 'SELF_SIGNED_CERT_IN_CHAIN', {}),
    run: async (wire) => {
      const { cert, key } = certificate();
      return wire.probe({ url: await serveTLS(wire, { cert: cert + authority.certPem, key }) });
    },
  },
  {
    ...invalid('not valid yet', 'CERT_NOT_YET_VALID', tomorrow),
    row: 11,
    expected: 'Transient TLSCertificateNotYetValid',
  },
  disagrees(
    'plain HTTP spoken on an https port',
    raw((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), {}, 'https'),
  ),
  disagrees(
    'garbage',
    raw((socket) => void socket.end(Buffer.alloc(64, 0xa5)), {}, 'https'),
  ),
  disagrees(
    'the alert internal_error',
    raw((socket) => void socket.end(alertRecord(80)), {}, 'https'),
  ),
  disagrees('no version in common', async (wire) => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    return wire.probe({ url: await serveTLS(wire, { ...certificate(), ...old }), tls: trust(wire) });
  }),
  disagrees('no cipher in common', async (wire) => {
    const narrow = { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' } as const;
    return wire.probe({ url: await serveTLS(wire, { ...certificate(), ...narrow }), tls: trust(wire) });
  }),
  {
    ...disagrees('TLS 1.2 without the client certificate that is demanded: the alert is handshake_failure', async (wire) => {
      const demanding = { ca: authority.certPem, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' } as const;
      return wire.probe({ url: await serveTLS(wire, { ...certificate(), ...demanding }), tls: trust(wire) });
    }),
    says: 'client certificate',
  },
];

const refusesUs = (signal: string, run: WireCase['run']): WireCase => ({
  row: 13,
  signal,
  expected: 'Denied ClientCertificateRejected',
  stage: 'tls',
  attempts: 1,
  run,
});

const ALERTS: WireCase[] = [
  refusesUs('TLS 1.3 without a certificate where one is demanded: certificate_required (116)', async (wire) => {
    const demanding = { ca: authority.certPem, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' } as const;
    return wire.probe({ url: await serveTLS(wire, { ...certificate(), ...demanding }), tls: trust(wire) });
  }),
  ...[42, 43, 44, 45, 46, 48, 49, 116].map((alert) =>
    refusesUs(
      `the alert ${alert}, as a record`,
      raw((socket) => void socket.end(alertRecord(alert)), {}, 'https'),
    ),
  ),
];

/** What needs a stack that checks client certificates in the handshake and so tells why with an alert, or signs for itself. */
const OPENSSL: WireCase[] = [
  {
    ...invalid('self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT', {}),
    run: async (wire) => wire.probe({ url: await serveTLS(wire, selfSigned()) }),
  },
  ...(['-tls1_2', '-tls1_3'] as const).map((version) =>
    refusesUs(`openssl ${version}, a certificate of another authority: unknown_ca (48)`, async (wire) =>
      wire.probe({
        url: await serveOpenSSL(wire, version),
        tls: { ...trust(wire), clientCertificateRef: { name: 'stranger' } },
        probe: { timeoutSeconds: 5 },
      }),
    ),
  ),
];

/** The cases of these rows. Without `openssl` three of them are left out, which says so on standard error, and in CI is a fault. */
export function networkCases(): readonly WireCase[] {
  const here = [...NAMES, ...SOCKETS, ...HANDSHAKES, ...ALERTS];
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
  } catch (error) {
    if (process.env['CI'] !== undefined) throw new Error('CI needs openssl', { cause: error });
    process.stderr.write('wire: what a real TLS stack says is LEFT OUT: there is no openssl\n');
    return here;
  }
  return [...here, ...OPENSSL];
}
