/**
 * The prober as the operator wires it: real clock, resolver, egress policy and token cache, and the log at the operator's default level,
 * which goes nowhere. Secrets come out of memory, but for `bearerFetched`: there each probe asks an API server for its Secret.
 */
import { openSync, writeSync } from 'node:fs';
import { devNull } from 'node:os';
import { MCPServerSpec } from '../../../src/api/v1alpha1/spec.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { createReferences } from '../../../src/kube/references.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { PRODUCT_NAME, PRODUCT_VERSION } from '../../../src/platform/version.ts';
import { DEFAULT_EGRESS_POLICY } from '../../../src/probe/egress-policy.ts';
import type { DataObject, ProbeRequest, References } from '../../../src/probe/ports.ts';
import { createProber } from '../../../src/probe/prober.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createProbeLog } from '../../../src/telemetry/observer.ts';
import { type Contestant, TOOLS } from './contestant.ts';
import type { Setting, Subject } from './messages.ts';
import { SECRET_DATA, SECRET_NAME } from './secret.ts';

const secretKeyRef = (key: keyof typeof SECRET_DATA) => ({ name: SECRET_NAME, key });

const SECRET: DataObject = {
  data: new Map(Object.entries(SECRET_DATA).map(([key, value]) => [key, Buffer.from(value)])),
  annotations: {},
  resourceVersion: '1',
};

/** The operator's own default. */
const LOG = { level: 'info', format: 'json' } as const;

export function createOurs({ issuer, apiServer }: Setting): Contestant {
  const nowhere = openSync(devNull, 'w');
  const log = createLogger({ clock: systemClock, sink: { write: (line) => void writeSync(nowhere, line) } }, LOG);
  const wire = (references: References) =>
    createProber({
      clock: systemClock,
      random: systemRandom,
      references,
      policy: { ...DEFAULT_EGRESS_POLICY, allowLoopback: true, apiServer: [{ host: '10.96.0.1', port: 443 }] },
      clientInfo: { name: PRODUCT_NAME, version: PRODUCT_VERSION },
      log: createProbeLog(log),
    });
  const prober = wire(IN_MEMORY);
  const fetching = wire(createReferences({ client: connectTo(apiServer) }));
  // One for all probes, as in the operator: it aborts when the process is asked to end.
  const { signal } = new AbortController();
  const requests = new Map<string, ProbeRequest>();
  const requestFor = (subject: Subject, url: string): ProbeRequest => {
    const key = `${subject} ${url}`;
    const request = requests.get(key) ?? describe(subject, url, issuer);
    requests.set(key, request);
    return request;
  };
  return {
    async visit(subject, url) {
      const { verdict } = await (subject === 'bearerFetched' ? fetching : prober).probe(requestFor(subject, url), signal);
      if (verdict.kind !== 'available') throw new Error(verdict.kind === 'failing' ? verdict.reason : verdict.why);
      if (verdict.finding.snapshot.tools?.items.length !== TOOLS) throw new Error('other tools than the server has');
    },
    async park(url, ended) {
      const { outcome } = await prober.probe(describe('modern', url, issuer), ended);
      if (outcome.kind !== 'aborted') throw new Error(`a parked probe ended as ${outcome.kind}`);
    },
  };
}

/** A server that was Available before, as a probe in a quiet fleet finds it. */
function describe(subject: Subject, url: string, issuer: string): ProbeRequest {
  const spec = MCPServerSpec.parse({ url, auth: authOf(subject, issuer), probe: { timeoutSeconds: 300, deadlineSeconds: 600 } });
  return {
    namespace: 'team',
    name: 'server',
    probeID: 'cafe0001',
    spec,
    remembered:
      subject === 'legacy'
        ? { transport: 'StreamableHTTP', era: 'Legacy', protocolVersion: '2025-11-25' }
        : { transport: 'StreamableHTTP', era: 'Modern', protocolVersion: '2026-07-28' },
    retry: false,
  };
}

function authOf(subject: Subject, issuer: string): Record<string, unknown> {
  switch (subject) {
    case 'modern':
    case 'legacy':
      return { type: 'None' };
    case 'bearer':
    case 'bearerFetched':
      return { type: 'Bearer', bearer: { secretKeyRef: secretKeyRef('token') } };
    case 'apiKey':
      return { type: 'APIKey', apiKey: { secretKeyRef: secretKeyRef('key') } };
    case 'oauth':
      return { type: 'OAuthClientCredentials', oauth: { issuer, clientID: 'client-1', clientSecretRef: secretKeyRef('secret') } };
  }
}

const IN_MEMORY: References = {
  readSecret: async () => ({ kind: 'found', value: SECRET }),
  readConfigMap: async () => ({ kind: 'notFound' }),
  readService: async () => ({ kind: 'notFound' }),
};

function connectTo(origin: string) {
  return createKubeClient({
    config: { origin, basePath: '', namespace: 'team', source: 'bench', tls: { skipVerify: false }, user: { token: 'token' } },
    clock: systemClock,
    random: systemRandom,
  });
}
