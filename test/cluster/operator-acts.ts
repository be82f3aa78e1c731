/**
 * What the operator does at the API server, act by act, each by the operator's own code and named by the right that it needs. The chart
 * grants a right because an act stands here, and for no other reason: test/cluster/chart-rbac.test.ts compares the two and shows each
 * act done with its right and refused without it.
 *
 * An act is over when it is done or when the API server refuses a request with 403, whichever comes first; it waits for nothing else.
 */
import { randomUUID } from 'node:crypto';
import type { KubeClient } from '../../src/kube/client.ts';
import { createEventWriter, type EventFate } from '../../src/kube/events.ts';
import { createLeaderElector } from '../../src/kube/lease.ts';
import { createObjectStore } from '../../src/kube/object-store.ts';
import { createReferences } from '../../src/kube/references.ts';
import { createStatusWriter } from '../../src/kube/status-writer.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { until } from '../platform/until.ts';

/** Where an act takes place, and as whom. */
export interface Stage {
  /** Of the identity whose rights are in question. */
  readonly client: KubeClient;
  /** Whether a request of `client` was answered with 403. */
  readonly refused: () => boolean;
  /** What the operator is told to watch: empty is all namespaces. */
  readonly watched: readonly string[];
  /** Holds the MCPServer {@link SERVER}, and a Secret, a ConfigMap and a Service called {@link REFERENCE}. */
  readonly namespace: string;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** The administrator's hands. */
  readonly admin: {
    /** Changes an annotation of {@link SERVER}. */
    touch(): Promise<void>;
    /** uid and resourceVersion of {@link SERVER}. */
    version(): Promise<{ readonly uid: string; readonly resourceVersion: string }>;
    /** Leaves the lease unheld, or no lease at all. */
    lease(state: 'free' | 'absent'): Promise<void>;
  };
}

export interface Act {
  /** Completes "it can not …". */
  readonly what: string;
  /** Resolves with whether it was done. */
  readonly perform: (stage: Stage) => Promise<boolean>;
}

export const SERVER = 'server';
export const REFERENCE = 'reference';

const deps = { clock: systemClock, random: systemRandom };
const log = createLogger({ clock: systemClock, sink: { write: () => undefined } }, { level: 'error', format: 'json' });
const { signal } = new AbortController();

const orRefused = async ({ refused }: Stage, isDone: () => boolean, what: string): Promise<boolean> => {
  await until(() => isDone() || refused(), { what: `${what}, or that it may not be` });
  return isDone() && !refused();
};

/** Mirrors the MCPServers; `isDone` hears how many events came. */
async function mirror(stage: Stage, follow: (store: { isSynced: () => boolean; events: () => number }) => Promise<boolean>) {
  let events = 0;
  const store = createObjectStore(
    { client: stage.client, ...deps, log },
    {
      namespaces: stage.watched,
      onEvent: ({ key }) => {
        if (key === `${stage.namespace}/${SERVER}`) events += 1;
      },
    },
  );
  store.start();
  try {
    return await follow({ isSynced: () => store.scopes.every((scope) => scope.isSynced()), events: () => events });
  } finally {
    await store.stop();
  }
}

/** Tells the same thing `times` times, each when the one before it has its fate. */
async function tell(stage: Stage, times: number): Promise<EventFate[]> {
  const fates: EventFate[] = [];
  const writer = createEventWriter(
    { client: stage.client, ...deps, log, mayWrite: () => true, isBusy: () => false, observe: (fate) => fates.push(fate) },
    { controller: 'mcpserver-operator', instance: 'test' },
  );
  const target = { namespace: stage.namespace, name: SERVER, ...(await stage.admin.version()) };
  for (let told = 1; told <= times; told++) {
    writer.record(target, { type: 'Normal', reason: 'Available', action: 'Probe', note: 'It answers.' });
    await until(() => fates.length === told, { what: 'the event has a fate' });
  }
  await writer.stop();
  return fates;
}

async function campaign(stage: Stage): Promise<boolean> {
  let leads = false;
  const elector = createLeaderElector(
    { client: stage.client, ...deps, log },
    {
      ...stage.lease,
      identity: randomUUID(),
      onStartedLeading: () => {
        leads = true;
      },
      onStoppedLeading: () => undefined,
    },
  );
  elector.start();
  try {
    return await orRefused(stage, () => leads, 'it leads');
  } finally {
    await elector.stop();
  }
}

async function holdFreeLease(stage: Stage): Promise<boolean> {
  await stage.admin.lease('free');
  return campaign(stage);
}

/** By right, as `describeAct` (rendered-rights.ts) writes it; the lease is called as the chart's release is by default. */
export const ACTS: Readonly<Record<string, Act>> = {
  'list mcpservers.mcpserver-operator.dev': {
    what: 'learn which MCPServers there are',
    perform: (stage) => mirror(stage, ({ isSynced }) => orRefused(stage, isSynced, 'the list is whole')),
  },
  'watch mcpservers.mcpserver-operator.dev': {
    what: 'notice that an MCPServer was edited',
    perform: (stage) =>
      mirror(stage, async ({ isSynced, events }) => {
        await until(() => isSynced(), { what: 'the list is whole' });
        const known = events();
        await stage.admin.touch();
        return orRefused(stage, () => events() > known, 'the edit is seen');
      }),
  },
  'get mcpservers.mcpserver-operator.dev': {
    what: 'read an MCPServer afresh after a write that did not fit',
    perform: async ({ client, namespace }) =>
      (await createStatusWriter({ client }).readObject(namespace, SERVER, signal)).kind === 'found',
  },
  'update mcpservers.mcpserver-operator.dev/status': {
    what: 'write a status',
    perform: async ({ client, namespace, admin }) => {
      const target = { namespace, name: SERVER, ...(await admin.version()) };
      const status = { observedGeneration: 1, state: 'Available' } as const;
      return (await createStatusWriter({ client }).writeStatus(target, status, signal)).kind === 'written';
    },
  },
  'get secrets': {
    what: 'read a credential, and see that it changed',
    perform: async ({ client, namespace }) => {
      const { readSecret, readVersion } = createReferences({ client });
      const [read, seen] = await Promise.all([
        readSecret(namespace, REFERENCE, signal),
        readVersion('Secret', namespace, REFERENCE, signal),
      ]);
      return read.kind === 'found' && seen.kind === 'found';
    },
  },
  'get configmaps': {
    what: 'read the bundle of certificate authorities in a ConfigMap, and see that it changed',
    perform: async ({ client, namespace }) => {
      const { readConfigMap, readVersion } = createReferences({ client });
      const [read, seen] = await Promise.all([
        readConfigMap(namespace, REFERENCE, signal),
        readVersion('ConfigMap', namespace, REFERENCE, signal),
      ]);
      return read.kind === 'found' && seen.kind === 'found';
    },
  },
  'get services': {
    what: 'find the port of a Service',
    perform: async ({ client, namespace }) =>
      (await createReferences({ client }).readService(namespace, REFERENCE, signal)).kind === 'found',
  },
  'create events.events.k8s.io': {
    what: 'tell what happened',
    perform: async (stage) => (await tell(stage, 1)).join() === 'created',
  },
  'patch events.events.k8s.io': {
    what: 'let an event grow that happened again',
    perform: async (stage) => (await tell(stage, 2)).join() === 'created,updated',
  },
  'create leases.coordination.k8s.io': {
    what: 'lead where nobody ever did',
    perform: async (stage) => {
      await stage.admin.lease('absent');
      return campaign(stage);
    },
  },
  'get leases.coordination.k8s.io "mcpserver-operator"': { what: 'see who leads', perform: holdFreeLease },
  'update leases.coordination.k8s.io "mcpserver-operator"': { what: 'take and renew the lead', perform: holdFreeLease },
};
