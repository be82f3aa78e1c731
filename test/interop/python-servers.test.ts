/**
 * Real Python servers on loopback: the official SDK without and with a token verifier, FastMCP with scopes on its tools, and the server
 * that lets anyone shake hands (page 9, D1–D4). Where Python is not to be had they are left out with one loud line; in CI that fails.
 */
import { exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reasonsTable } from '../../src/api/v1alpha1/reasons.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { ProbeReport } from '../../src/probe/ports.ts';
import { createTestbed, dataObject, reasonOf } from '../probe/testbed.ts';
import { describeAgreement } from './agreement.ts';
import { preparePython, scriptOf } from './python-setup.ts';
import { type RealServer, type StartCommand, startRealServer, stopRealServers } from './real-server.ts';
import { type Relay, startRelay } from './relay.ts';
import { offerOfProbe, offerOfSDK } from './two-clients.ts';

const python = await preparePython();

it('Python servers may be left out, but not in CI', () => {
  expect(python.kind === 'ready' || process.env['CI'] === undefined, JSON.stringify(python)).toBe(true);
});

if (python.kind === 'ready') describePythonServers(python.command);

function describePythonServers(command: string): void {
  const script = (name: string, env: Readonly<Record<string, string>> = {}): StartCommand => ({
    name: `Python, ${name}`,
    command,
    args: (port) => [scriptOf(`${name}.py`), String(port)],
    env: () => env,
  });
  describePlain(script);
  describeVerifier(script);
  describeScoped(script);
  describeOpenHandshake(script);
}

type Script = (name: string, env?: Readonly<Record<string, string>>) => StartCommand;

function describePlain(script: Script): void {
  const sample = { features: ['prompts', 'resources', 'tools'], counts: [1, 1, 0, 1] } as const;
  describeAgreement({ start: script('plain'), expected: { era: 'Modern', ...sample, session: false } });
  describeAgreement({
    start: { ...script('plain'), name: 'Python, plain, pinned to Legacy' },
    protocol: 'Legacy',
    expected: { era: 'Legacy', ...sample, session: true },
  });
  const plain = script('plain');
  describeAgreement({
    start: { ...plain, name: 'Python, plain, SSE', path: '/sse', args: (port) => [...plain.args(port), 'sse'] },
    transport: 'SSE',
    expected: { era: 'Legacy', ...sample, session: false },
  });

  describe('Python, plain, addressed oddly', () => {
    const bed = createTestbed();
    let first: RealServer;
    let relay: Relay;
    let replicas: Relay;
    beforeAll(async () => {
      let second: RealServer;
      [first, second] = await Promise.all([startRealServer(script('plain')), startRealServer(script('plain'))]);
      relay = await startRelay([first.port]);
      replicas = await startRelay([first.port, second.port]);
    });
    afterAll(async () => {
      await relay?.close();
      await replicas?.close();
      await stopRealServers();
    });

    it('D4: POST /mcp/ is answered by 307 to /mcp of the same origin, which is followed once and kept', async () => {
      const report = await bed.probe({ url: relay.url('/mcp/') });
      expect(reasonOf(report)).toBe('Available');
      expect(relay.passed.map(({ path, status }) => `${path} ${status}`)).toEqual(['/mcp/ 307', ...Array(5).fill('/mcp 200')]);
    });

    it('D4: two replicas without affinity lose every session: Transient SessionLost, never Permanent', async () => {
      const report = await bed.probe({ url: replicas.url('/mcp'), protocol: 'Legacy' });
      expect(report).toMatchObject({ attempts: 3, verdict: { class: 'Transient', reason: 'SessionLost', row: 36 } });
      const handshakes = replicas.passed.filter(({ call }) => call === 'initialize').length;
      expect(handshakes).toBe(2 * report.attempts);
      expect(replicas.passed.filter(({ method }) => method === 'DELETE')).toHaveLength(handshakes);
      expect(reasonsTable.find(({ reason }) => reason === 'SessionLost')?.remedy).toContain('session affinity');
    });

    it('the stateless era does not mind the same two replicas', async () => {
      expect(reasonOf(await bed.probe({ url: replicas.url('/mcp') }))).toBe('Available');
    });
  });
}

function describeVerifier(script: Script): void {
  describe('Python SDK with a token verifier', () => {
    const bed = createTestbed();
    let server: RealServer;
    beforeAll(async () => {
      server = await startRealServer(script('verifier'));
    });
    afterAll(stopRealServers);
    const probe = (token?: string) => probeWith(bed, server, token);

    it('D3: no token is AuthenticationRequired (401 invalid_token)', async () => {
      expect(await probe()).toMatchObject({ attempts: 1, verdict: { reason: 'AuthenticationRequired', httpStatus: 401 } });
    });

    it('D3: a token that it does not know is CredentialsRejected', async () => {
      expect(await probe('unknown')).toMatchObject({ attempts: 1, verdict: { reason: 'CredentialsRejected', httpStatus: 401 } });
    });

    it('D3: a token that lacks the scope is InsufficientScope (403)', async () => {
      expect(await probe('poor')).toMatchObject({ attempts: 1, verdict: { reason: 'InsufficientScope', httpStatus: 403 } });
    });

    it('D3: the right token is Available, and both clients agree', async () => {
      expect(offerOfProbe(await probe('good'))).toEqual(await offerOfSDK(server.url(), undefined, bearer('good')));
    });
  });
}

/** A key pair, and tokens signed with it or with a stranger's. */
async function createIssuer() {
  const [own, foreign] = await Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256')]);
  const sign = (claims: JWTPayload, key = own.privateKey, expirySeconds = 3600) =>
    new SignJWT({ iss: 'https://issuer.example.com', aud: 'mcp-interop', sub: 'probe', ...claims })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + expirySeconds)
      .sign(key);
  return {
    publicKey: await exportSPKI(own.publicKey),
    sign,
    signForeign: (claims: JWTPayload) => sign(claims, foreign.privateKey),
    signExpired: (claims: JWTPayload) => sign(claims, own.privateKey, -3600),
  };
}

function describeScoped(script: Script): void {
  describe('FastMCP with a JWT verifier and scopes on its tools', async () => {
    const issuer = await createIssuer();
    const bed = createTestbed();
    /** A prober whose clock is two hours late: it takes an expired token for a good one and sends it. */
    const late = createTestbed({ clock: { ...systemClock, wallMs: () => systemClock.wallMs() - 7_200_000 } });
    let open: RealServer;
    let guarded: RealServer;
    beforeAll(async () => {
      [open, guarded] = await Promise.all([
        startRealServer(script('scoped', { PUBLIC_KEY: issuer.publicKey })),
        startRealServer(script('scoped', { PUBLIC_KEY: issuer.publicKey, REQUIRED_SCOPES: 'mcp:read' })),
      ]);
    });
    afterAll(stopRealServers);

    it('D2: one URL and two tokens of different scopes give two snapshots', async () => {
      const reader = await probeWith(bed, open, await issuer.sign({ scope: 'mcp:read' }));
      const admin = await probeWith(bed, open, await issuer.sign({ scope: 'mcp:read mcp:admin' }));
      expect(offerOfProbe(reader).tools).toEqual(['read_report']);
      expect(offerOfProbe(admin).tools).toEqual(['delete_report', 'read_report']);
      expect(digestOf(reader)).not.toBe(digestOf(admin));
    });

    it('D2: a token without scopes sees an empty list, and that alone is no failure', async () => {
      const token = await issuer.sign({});
      const ours = offerOfProbe(await probeWith(bed, open, token));
      expect(ours.tools).toEqual([]);
      expect(ours).toEqual(await offerOfSDK(open.url(), undefined, bearer(token)));
    });

    it('D3: no token at all is AuthenticationRequired, with or without a scope in the challenge', async () => {
      for (const server of [open, guarded]) {
        expect(await probeWith(bed, server)).toMatchObject({ attempts: 1, verdict: { reason: 'AuthenticationRequired' } });
      }
    });

    it('D3: a lacking scope, a foreign key, another audience and an expired token are all CredentialsRejected', async () => {
      const tokens = {
        'lacking scope': await issuer.sign({ scope: 'mcp:other' }),
        'foreign key': await issuer.signForeign({ scope: 'mcp:read' }),
        'another audience': await issuer.sign({ scope: 'mcp:read', aud: 'somebody-else' }),
        expired: await issuer.signExpired({ scope: 'mcp:read' }),
      };
      const seen = Object.fromEntries(
        await Promise.all(
          Object.entries(tokens).map(async ([what, token]) => [what, reasonOf(await probeWith(late, guarded, token))]),
        ),
      );
      expect(seen).toEqual(Object.fromEntries(Object.keys(tokens).map((what) => [what, 'CredentialsRejected'])));
    });

    it('D3: with the scope the tools of that scope are listed', async () => {
      const token = await issuer.sign({ scope: 'mcp:read' });
      expect(offerOfProbe(await probeWith(bed, guarded, token)).tools).toEqual(['read_report']);
    });

    it('E3: a token that is known to be expired is not sent', async () => {
      const report = await probeWith(bed, guarded, await issuer.signExpired({ scope: 'mcp:read' }));
      expect(report).toMatchObject({ attempts: 0, verdict: { class: 'Denied', reason: 'TokenExpired' } });
    });
  });
}

function describeOpenHandshake(script: Script): void {
  describe('FastMCP whose middleware lets anyone shake hands', async () => {
    const issuer = await createIssuer();
    const late = createTestbed({ clock: { ...systemClock, wallMs: () => systemClock.wallMs() - 7_200_000 } });
    let plain: RealServer;
    let coded: RealServer;
    beforeAll(async () => {
      [plain, coded] = await Promise.all([
        startRealServer(script('open_handshake', { PUBLIC_KEY: issuer.publicKey })),
        startRealServer(script('open_handshake', { PUBLIC_KEY: issuer.publicKey, REFUSE_WITH: 'code' })),
      ]);
    });
    afterAll(stopRealServers);

    for (const protocol of ['Legacy', 'Auto'] as const) {
      const wire = protocol === 'Legacy' ? 'legacy' : 'modern';
      const probe = (token?: string) => probeWith(late, protocol === 'Legacy' ? plain : coded, token, protocol);

      it(`D1: it refuses tools/list with code 0 on the ${wire} wire: Missing Authorization header is AuthenticationRequired`, async () => {
        expect((await probe()).verdict).toMatchObject({ class: 'Denied', reason: 'AuthenticationRequired', row: 50, rpcCode: 0 });
      });

      it(`D1: on the ${wire} wire an expired token and a forged one are CredentialsRejected`, async () => {
        for (const token of [await issuer.signExpired({}), await issuer.signForeign({}), 'no-token-at-all']) {
          expect((await probe(token)).verdict).toMatchObject({
            class: 'Denied',
            reason: 'CredentialsRejected',
            row: 50,
            rpcCode: 0,
          });
        }
      });

      it(`D1: on the ${wire} wire a header of another form is CredentialsRejected`, async () => {
        late.secrets.set('scheme', dataObject({ value: 'Basic cHJvYmU6cHJvYmU=' }));
        const { url } = protocol === 'Legacy' ? plain : coded;
        const from = { secretKeyRef: { name: 'scheme', key: 'value' } };
        const { verdict } = await late.probe({ url: url(), protocol, headers: [{ name: 'Authorization', valueFrom: from }] });
        expect(verdict).toMatchObject({ class: 'Denied', reason: 'CredentialsRejected', row: 50 });
      });

      it(`D2: on the ${wire} wire a good token sees the tools of its scopes`, async () => {
        const token = await issuer.sign({ scope: 'tool:read_report' });
        expect(offerOfProbe(await probe(token)).tools).toEqual(['read_report']);
      });
    }

    it('what the SDK hides on the modern wire can not be told: code -32603 is Transient ServerReportedError', async () => {
      expect((await probeWith(late, plain)).verdict).toMatchObject({
        class: 'Transient',
        reason: 'ServerReportedError',
        rpcCode: -32_603,
      });
    });
  });
}

function probeWith(
  bed: ReturnType<typeof createTestbed>,
  server: RealServer,
  token?: string,
  protocol: 'Auto' | 'Legacy' = 'Auto',
): Promise<ProbeReport> {
  if (token === undefined) return bed.probe({ url: server.url(), protocol });
  // A Secret of its own for each token: probes may run at once.
  const name = `token-${bed.secrets.size}`;
  bed.secrets.set(name, dataObject({ token }));
  return bed.probe({ url: server.url(), protocol, auth: { type: 'Bearer', bearer: { secretKeyRef: { name, key: 'token' } } } });
}

function digestOf({ verdict }: ProbeReport): string | undefined {
  return verdict.kind === 'available' ? verdict.finding.snapshot.digest : undefined;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
