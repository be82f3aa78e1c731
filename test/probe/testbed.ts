/**
 * A prober for tests: system clock unless told otherwise, loopback allowed, Secrets, ConfigMaps and Services out of maps that a test may
 * change, and a log that keeps everything. Servers started through it are closed by `close`.
 */
import { MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import type { Random } from '../../src/platform/random.ts';
import { DEFAULT_EGRESS_POLICY, type EgressPolicy } from '../../src/probe/egress-policy.ts';
import type { DataObject, Lookup, ProbeReport, ProbeRequest, ServicePorts } from '../../src/probe/ports.ts';
import type { CredentialUse, ProbeEvent } from '../../src/probe/probe-log.ts';
import { createProber } from '../../src/probe/prober.ts';
import type { Resolver } from '../../src/probe/resolve.ts';
import { fixedRandom } from '../platform/fake-clock.ts';
import { type Behaviour, type Scripted, startRawServer, startServer } from './scripted-server.ts';

export interface TestbedOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly policy?: Partial<EgressPolicy>;
  readonly resolve?: Resolver;
}

type SpecInput = Parameters<typeof MCPServerSpec.parse>[0] & object;

export interface Testbed {
  readonly secrets: Map<string, DataObject>;
  readonly configMaps: Map<string, DataObject>;
  readonly services: Map<string, ServicePorts>;
  /** Reads of references so far, as `Secret/name`. */
  readonly reads: string[];
  /** When true, the API server is away. */
  away: boolean;
  readonly events: ProbeEvent[];
  readonly audit: CredentialUse[];
  serve(behaviour: Behaviour): Promise<Scripted>;
  serveRaw(...args: Parameters<typeof startRawServer>): ReturnType<typeof startRawServer>;
  probe(spec: SpecInput, request?: Partial<ProbeRequest>, signal?: AbortSignal): Promise<ProbeReport>;
  close(): Promise<void>;
}

export function createTestbed(options: TestbedOptions = {}): Testbed {
  const started: { close(): Promise<void> }[] = [];
  const bed: Testbed = {
    secrets: new Map(),
    configMaps: new Map(),
    services: new Map(),
    reads: [],
    away: false,
    events: [],
    audit: [],
    async serve(behaviour) {
      const server = await startServer(behaviour);
      started.push(server);
      return server;
    },
    async serveRaw(talk) {
      const server = await startRawServer(talk);
      started.push(server);
      return server;
    },
    probe(spec, request = {}, signal = new AbortController().signal) {
      return prober.probe(
        { namespace: 'team', name: 'server', probeID: 'cafe0001', spec: MCPServerSpec.parse(spec), retry: false, ...request },
        signal,
      );
    },
    async close() {
      await Promise.all(started.map((server) => server.close()));
    },
  };
  const look = async <T>(kind: string, map: Map<string, T>, name: string): Promise<Lookup<T>> => {
    bed.reads.push(`${kind}/${name}`);
    if (bed.away) return { kind: 'unavailable' };
    const value = map.get(name);
    return value === undefined ? { kind: 'notFound' } : { kind: 'found', value };
  };
  const prober = createProber({
    clock: options.clock ?? systemClock,
    random: options.random ?? fixedRandom(0),
    policy: { ...DEFAULT_EGRESS_POLICY, allowLoopback: true, ...options.policy },
    clientInfo: { name: 'mcpserver-operator', version: '0.0.0-test' },
    references: {
      readSecret: (_namespace, name) => look('Secret', bed.secrets, name),
      readConfigMap: (_namespace, name) => look('ConfigMap', bed.configMaps, name),
      readService: (_namespace, name) => look('Service', bed.services, name),
    },
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    log: { debug: (event) => void bed.events.push(event), audit: (use) => void bed.audit.push(use) },
  });
  return bed;
}

/** A Secret or ConfigMap with these values. */
export function dataObject(values: Record<string, string>, annotations: Record<string, string> = {}): DataObject {
  const data = new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
  return { data, annotations, resourceVersion: '1' };
}

/** The reason of a report, `Available`, or why there is no verdict. */
export function reasonOf({ verdict }: ProbeReport): string {
  switch (verdict.kind) {
    case 'available':
      return 'Available';
    case 'failing':
      return verdict.reason;
    case 'none':
      return verdict.why;
  }
}
