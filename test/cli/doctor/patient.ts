/**
 * A cluster for `doctor` in which all is well, and of which a test can break one part: the scripted API server with the answers of a real
 * one, reduced to what is read.
 */
import { afterEach } from 'vitest';
import { makeCRD } from '../../../src/api/v1alpha1/crd.ts';
import { type ExamineOptions, examine } from '../../../src/cli/doctor/examine.ts';
import type { Policy } from '../../../src/cli/doctor/metadata-address.ts';
import { createKubeClient, type KubeClient } from '../../../src/kube/client.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import {
  listReply,
  type Received,
  type Reply,
  type ScriptedAPIServer,
  startScriptedAPIServer,
} from '../../kube/scripted-api-server.ts';
import { createFakeClock, type FakeClock } from '../../platform/fake-clock.ts';

export const NOW = Date.parse('2026-11-22T08:00:00Z');
/** An RFC 3339 time that is `seconds` before {@link NOW}. */
export const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

export const CRD_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/mcpservers.mcpserver-operator.dev';
export const REVIEW_PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
export const LEASE_PATH = '/apis/coordination.k8s.io/v1/namespaces/mcp/leases/mcpserver-operator';
export const MCPSERVERS_PATH = '/apis/mcpserver-operator.dev/v1alpha1/mcpservers';

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const lease = (holderIdentity: string, renewedSecondsAgo: number) =>
  ok({ spec: { holderIdentity, leaseDurationSeconds: 15, renewTime: ago(renewedSecondsAgo) } });
export const definition = (
  changes: (crd: ReturnType<typeof makeCRD>) => void = () => {},
  conditions = ['NamesAccepted', 'Established'],
) => {
  const crd = structuredClone(makeCRD());
  changes(crd);
  return ok({ ...crd, status: { conditions: conditions.map((type) => ({ type, status: 'True' })) } });
};
export const groups = (...items: { name: string; resource: string; kind?: string; shortNames?: string[] }[]) =>
  ok({
    items: items.map(({ name, resource, kind = 'Thing', shortNames }) => ({
      metadata: { name },
      versions: [{ version: 'v1', resources: [{ resource, responseKind: { kind }, shortNames }] }],
    })),
  });

/** What the API server says to a path when all is well. */
function healthy({ path, body }: Received): Reply {
  switch (path) {
    case '/version':
      return ok({ major: '1', minor: '36', gitVersion: 'v1.36.2' });
    case '/apis':
      return groups(
        { name: 'apps', resource: 'deployments' },
        { name: 'mcpserver-operator.dev', resource: 'mcpservers', kind: 'MCPServer' },
      );
    case CRD_PATH:
      return definition();
    case REVIEW_PATH:
      return { status: 201, body: { ...JSON.parse(body), status: { allowed: true } } };
    case '/apis/coordination.k8s.io/v1/leases':
      return listReply([{ metadata: { namespace: 'mcp' } }], '1');
    case LEASE_PATH:
      return lease('operator-0_x', 2);
    case MCPSERVERS_PATH:
      return listReply([], '1');
  }
  return { status: 404 };
}

export interface Patient {
  readonly api: ScriptedAPIServer;
  readonly client: KubeClient;
  /** At {@link NOW}; `doctor` looks at it, and its second look waits on it. */
  readonly clock: FakeClock;
  /** Answers `path` in this way from now on. */
  breaks(path: string, reply: Reply | ((received: Received) => Reply)): void;
  examine(options?: Partial<ExamineOptions>, policy?: Policy): ReturnType<typeof examine>;
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

export async function createPatient(): Promise<Patient> {
  const api = await startScriptedAPIServer();
  const client = createKubeClient({ config: api.config, clock: systemClock, random: systemRandom });
  open.push(
    () => client.close(),
    () => api.close(),
  );
  const clock = createFakeClock(NOW);
  const broken = new Map<string, (received: Received) => Reply>();
  api.onRequest = (received) => (broken.get(received.path) ?? healthy)(received);
  return {
    api,
    client,
    clock,
    breaks: (path, reply) => broken.set(path, typeof reply === 'function' ? reply : () => reply),
    examine: (options, policy) =>
      examine(
        { client, asUser: client, clock, signal: new AbortController().signal, ...(policy && { policy }) },
        {
          pre: false,
          server: 'https://api.example.com',
          who: 'this identity',
          namespaces: [],
          leaseNamespace: undefined,
          leaseName: 'mcpserver-operator',
          ownNamespace: 'default',
          ...options,
        },
      ),
  };
}

/** The one finding of a check. */
export async function findingOf(results: ReturnType<typeof examine>, check: string) {
  const found = (await results).filter((result) => result.check === check);
  if (found.length !== 1) throw new Error(`${found.length} findings of ${check}`);
  return found[0]?.finding;
}
