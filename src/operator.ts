/**
 * Wires the rooms together and runs the controller from start to stop: the only file that knows them all. Nothing is decided here.
 *
 * Order: API server → addresses → first list complete → lead → reconcile. On the signal: no new work, probes in flight may end within
 * the grace, statuses are flushed, the lease is released. Who loses the lease stops at once and exits with 1.
 */
import { hostname } from 'node:os';
import type { OperatorConfig } from './config.ts';
import { createKubeClient, type KubeClient } from './kube/client.ts';
import { type KubeConfig, loadKubeConfig } from './kube/config.ts';
import { createEventWriter, type EventWriter } from './kube/events.ts';
import { createLeaderElector, type LeaderElector } from './kube/lease.ts';
import { isNewer } from './kube/mirror.ts';
import { createObjectStore } from './kube/object-store.ts';
import { createReferences } from './kube/references.ts';
import { createStatusWriter } from './kube/status-writer.ts';
import { type BindAddress, formatBindAddress } from './platform/bind-address.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Logger } from './platform/log.ts';
import { type Random, systemRandom } from './platform/random.ts';
import { PRODUCT_NAME, PRODUCT_VERSION } from './platform/version.ts';
import { type EgressPolicy, parseRanges } from './probe/egress-policy.ts';
import { createProber } from './probe/prober.ts';
import { createLanes, type Lanes } from './queue/lanes.ts';
import { createWorkQueue, type WorkQueue } from './queue/work-queue.ts';
import { createCredentialWatch } from './reconcile/credential-watch.ts';
import { createLoop } from './reconcile/loop.ts';
import { LANE, laneLimits } from './reconcile/plan.ts';
import { createReconciler } from './reconcile/reconciler.ts';
import { watchEventLoop } from './telemetry/event-loop.ts';
import { createLogger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { createObserver, createProbeLog } from './telemetry/observer.ts';
import { type Servers, startServers } from './telemetry/servers.ts';

/** What the process gives. */
export interface OperatorIO {
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Takes one line for people: why the operator can not start. */
  readonly fault: (line: string) => void;
}

interface Deps {
  readonly config: OperatorConfig;
  readonly kube: KubeConfig;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Runs until the signal. Returns the exit code: 0 after a clean end, 1 when it could not start or lost the lease. */
export async function runOperator(config: OperatorConfig, io: OperatorIO): Promise<number> {
  const clock = systemClock;
  const random = systemRandom;
  const log = createLogger({ clock }, { level: config.logLevel, format: config.logFormat });
  const metrics = createMetrics({ version: PRODUCT_VERSION, objectMetrics: config.objectMetrics });
  const loaded = await loadKubeConfig({ kubeconfig: config.kubeconfig });
  if (loaded.kind === 'error') {
    io.fault(loaded.message);
    return 1;
  }
  const client = createKubeClient({
    config: loaded.config,
    clock,
    random,
    log,
    userAgent: `${PRODUCT_NAME}/${PRODUCT_VERSION}`,
    observe: ({ method, code }) => metrics.recordAPIRequest({ method, code: /^\d+$/.test(code) ? Number(code) : 'error' }),
  });
  const eventLoop = watchEventLoop(clock, metrics.recordEventLoopDelay);
  try {
    return await runController({ config, kube: loaded.config, client, clock, random, log, metrics }, io);
  } finally {
    eventLoop.stop();
    await client.close();
  }
}

async function runController(deps: Deps, io: OperatorIO): Promise<number> {
  const { config, log, clock, metrics } = deps;
  const lost = Promise.withResolvers<'lost'>();
  const begin = () => {
    metrics.setLeader(true);
    loop.begin();
  };
  const elector = config.leaderElect ? createElector(deps, { onStarted: begin, onLost: () => lost.resolve('lost') }) : undefined;
  const { store, loop, events } = createController(deps, elector);
  const started = await startServers(
    {
      clock,
      metrics,
      healthChecks: [{ name: 'work-moves', ok: () => loop.moves() }],
      readyChecks: store.scopes.map(({ namespace, isSynced }) => ({
        name: namespace === undefined ? 'caches-synced' : `caches-synced/${namespace}`,
        ok: isSynced,
      })),
    },
    { metricsAddress: config.metricsBindAddress, healthAddress: config.healthBindAddress },
  );
  if (started.kind === 'failed') {
    io.fault(started.message);
    return 1;
  }
  const addresses = shownAddresses(started.servers);
  log.info({ version: PRODUCT_VERSION, source: deps.kube.source, namespaces: config.namespaces, ...addresses }, 'starting');
  const stopped = untilAborted(io.signal);
  store.start();
  await Promise.race([store.synced, stopped]);
  if (!io.signal.aborted) {
    const refused = store.scopes.flatMap(({ namespace, isSynced }) => (isSynced() ? [] : [namespace]));
    log.info({ objects: store.size }, 'caches synced');
    if (refused.length > 0) {
      log.error({ namespaces: refused }, 'no right to list and watch mcpservers in these namespaces; the others are served');
    }
    if (elector === undefined) begin();
    else elector.start();
  }
  const cause = await Promise.race([stopped, lost.promise]);
  log.info({ cause }, cause === 'lost' ? 'stopping at once' : 'stopping: no new probes, waiting for those in flight');
  // Who loses the lead while it ends has no time left: another one may probe and write already.
  void lost.promise.then(() => Promise.all([loop.drop(), events.drop()]));
  await (cause === 'lost' ? loop.drop() : loop.end());
  await (cause === 'lost' ? events.drop() : events.stop());
  await elector?.stop();
  await store.stop();
  await started.servers.close();
  log.info({}, 'stopped');
  return cause === 'lost' ? 1 : 0;
}

function untilAborted(signal: AbortSignal): Promise<'asked'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('asked');
    else signal.addEventListener('abort', () => resolve('asked'), { once: true });
  });
}

/** Where the servers really listen: with port 0 nothing else tells. */
function shownAddresses({ metricsAddress, healthAddress }: Servers): { metrics: string; health: string } {
  const show = (address: BindAddress | undefined) => (address === undefined ? 'off' : formatBindAddress(address));
  return { metrics: show(metricsAddress), health: show(healthAddress) };
}

/** The loop: store → queue → reconciler, and back by returned bookings. */
function createController(deps: Deps, elector: LeaderElector | undefined) {
  const { config, kube, client, clock, random, log, metrics } = deps;
  const lanes = createLanes(
    laneLimits({
      probes: config.maxConcurrentProbes,
      retries: config.maxConcurrentRetries,
      perHost: config.maxConcurrentPerHost,
    }),
  );
  const queue = createWorkQueue({ clock, lanes, observer: metrics.queue });
  const store = createObjectStore(
    { client, clock, random, log },
    {
      namespaces: config.namespaces,
      onEvent: ({ key }) => loop.noticed(key),
    },
  );
  const mayWrite = () => elector === undefined || elector.isLeader();
  const writer = createStatusWriter({ client, mayWrite });
  const observer = createObserver({ log, metrics });
  const events = createEventWriter(
    { client, clock, random, log, mayWrite, isBusy: writer.isBusy, observe: metrics.recordEvent },
    { controller: PRODUCT_NAME, instance: hostname() },
  );
  const ended = new AbortController();
  const references = createReferences({ client });
  const credentials = createCredentialWatch({ clock, versions: references, onChange: (key) => loop.credentialsChanged(key) });
  const reconciler = createReconciler({
    store: { get: store.get, isNewer },
    prober: createProber({
      clock,
      random,
      references,
      policy: policyOf(config, kube),
      clientInfo: { name: PRODUCT_NAME, version: PRODUCT_VERSION },
      log: createProbeLog(log),
    }),
    credentials,
    writer,
    reader: writer,
    clock,
    random,
    observer,
    events,
    mayWrite,
    signal: ended.signal,
    lastSuccessRefreshMs: config.lastSuccessRefreshMs,
  });
  connectGauges(deps, queue, lanes, events);
  const loop = createLoop({ clock, keys: store.keys, queue, reconciler, credentials, observer, ended });
  return { store, loop, events };
}

function createElector(deps: Deps, hooks: { readonly onStarted: () => void; readonly onLost: () => void }): LeaderElector {
  const { config, kube, random, metrics } = deps;
  return createLeaderElector(deps, {
    namespace: config.leaseNamespace ?? kube.namespace,
    name: config.leaseName,
    // The same Pod name may come back after a restart of its container: the random part tells the two apart.
    identity: `${hostname()}_${random.id()}`,
    onStartedLeading: hooks.onStarted,
    onStoppedLeading(cause) {
      metrics.setLeader(false);
      if (cause === 'lost') hooks.onLost();
    },
  });
}

function connectGauges({ config, metrics }: Deps, queue: WorkQueue, lanes: Lanes, events: EventWriter): void {
  metrics.connect({
    queueDepth: () => queue.depth(),
    activeWorkers: () => queue.running(),
    maxConcurrentReconciles: () => config.maxConcurrentProbes,
    retriesInFlight: () => lanes.occupancy(LANE.retry),
    retriesWaiting: () => queue.waitingFor(LANE.retry),
    eventsWaiting: () => events.queued(),
  });
}

/** The administrator's flags, and where the API server itself lives: no spec may point there. */
function policyOf({ egress }: OperatorConfig, kube: KubeConfig): EgressPolicy {
  const server = new URL(kube.origin);
  const port = Number(server.port) || (server.protocol === 'https:' ? 443 : 80);
  const { deniedCIDRs, ...rest } = egress;
  return { ...rest, deniedRanges: parseRanges(deniedCIDRs), apiServer: [{ host: server.hostname, port }] };
}
