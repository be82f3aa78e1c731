/**
 * A small world around the reconciler: an object store with resource versions, a writer that behaves like the API server's `/status`, a
 * prober whose outcomes a test scripts, and a fake clock. Everything is in memory; the queue and the lanes are the real ones.
 */
import type { RawMCPServer } from '../../src/api/v1alpha1/mcpserver.ts';
import { keyOf } from '../../src/api/v1alpha1/mcpserver.ts';
import type { ReferenceName } from '../../src/api/v1alpha1/messages.ts';
import type { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import { isNewer } from '../../src/kube/mirror.ts';
import { sleep } from '../../src/platform/clock.ts';
import { classifyOutcome } from '../../src/probe/classify.ts';
import type { Outcome } from '../../src/probe/outcome.ts';
import type { ProbeRequest, Prober } from '../../src/probe/ports.ts';
import { createLanes } from '../../src/queue/lanes.ts';
import { createRunner } from '../../src/queue/runner.ts';
import { createWorkQueue } from '../../src/queue/work-queue.ts';
import { createCredentialWatch } from '../../src/reconcile/credential-watch.ts';
import { laneLimits } from '../../src/reconcile/plan.ts';
import type { EventNotice, ProbeCause, TransitionNotice, WriteResult, WriteTarget } from '../../src/reconcile/ports.ts';
import { createReconciler } from '../../src/reconcile/reconciler.ts';
import { referencesOf } from '../../src/reconcile/references.ts';
import { createFakeClock, fixedRandom } from '../platform/fake-clock.ts';
import { type RawOptions, rawOf, succeeded } from './samples.ts';

/** What a scripted probe does: an outcome at once, or after `takesMs`, or only when aborted. */
export type Script =
  | Outcome
  | { readonly outcome: Outcome; readonly takesMs: number; readonly atThatMoment?: () => void }
  | 'hangs';

/**
 * What becomes of a write: this answer and nothing else, or it arrives `arrivesMs` later and is answered `answersMs` after that, and
 * when it is `lost` the answer never comes.
 */
export type ScriptedWrite = WriteResult | { readonly arrivesMs?: number; readonly answersMs?: number; readonly lost?: true };

export interface WorldOptions {
  readonly lanes?: Partial<Record<'probe' | 'retry' | 'retry-timeout' | 'parked' | 'host', number>>;
  readonly random?: number;
  /** How long the watch takes to show a write. */
  readonly watchDelayMs?: number;
}

export function createWorld(options: WorldOptions = {}) {
  const clock = createFakeClock();
  const objects = new Map<string, RawMCPServer>();
  /** What the watch has shown: may lag behind `objects`. */
  const shown = new Map<string, RawMCPServer>();
  const scripts = new Map<string, (request: ProbeRequest) => Script>();
  const probes: { key: string; atMs: number; request: ProbeRequest }[] = [];
  const writes: { key: string; status: MCPServerStatus }[] = [];
  const transitions: TransitionNotice[] = [];
  const causes: ProbeCause[] = [];
  const events: (EventNotice & { readonly name: string; readonly resourceVersion: string })[] = [];
  const forbidden: string[] = [];
  /** What the API server does not let the operator read. */
  let unreadable: ReferenceName | undefined;
  const nextWrites: ScriptedWrite[] = [];
  /** Versions of the Secrets and ConfigMaps that exist, as `Secret/name`; all in one namespace. */
  const versions = new Map<string, string>();
  const looks: { name: string; atMs: number }[] = [];
  let version = 100;
  let inFlight = 0;
  let peak = 0;
  let mayWrite = true;
  const errors: unknown[] = [];
  const sent: WriteTarget[] = [];
  const crashed: string[] = [];
  const forgotten: string[] = [];

  const lanes = createLanes(
    laneLimits({ probes: options.lanes?.probe ?? 64, retries: options.lanes?.retry ?? 5, perHost: options.lanes?.host ?? 0 }),
  );
  const queue = createWorkQueue({ clock, lanes });
  const ended = new AbortController();

  const prober: Prober = {
    probe(request, signal) {
      const key = keyOf(request);
      probes.push({ key, atMs: clock.monotonicMs(), request });
      inFlight += 1;
      peak = Math.max(peak, inFlight);
      const script = scripts.get(key)?.(request) ?? succeeded();
      const reads = referencesOf(request.spec).map((ref) => ({ ...ref, version: versions.get(`${ref.kind}/${ref.name}`) }));
      return new Promise((resolve) => {
        const end = (outcome: Outcome) => {
          inFlight -= 1;
          const report = { outcome, verdict: classifyOutcome(outcome), attempts: 1, durationMs: 1, stageMs: {}, reads };
          resolve(outcome.kind === 'undecided' && unreadable ? { ...report, forbidden: unreadable } : report);
        };
        signal.addEventListener('abort', () => end({ kind: 'aborted' }), { once: true });
        if (script === 'hangs') return;
        if ('takesMs' in script) {
          clock.setTimer(script.takesMs, () => {
            end(script.outcome);
            script.atThatMoment?.();
          });
        } else queueMicrotask(() => end(script));
      });
    },
  };

  const show = (key: string) => {
    const object = objects.get(key);
    if (object === undefined) shown.delete(key);
    else shown.set(key, object);
    reconciler.noticed(key);
    queue.add(key, { rank: 0, dueMs: clock.monotonicMs() });
  };

  const credentials = createCredentialWatch({
    clock,
    versions: {
      async readVersion(kind, _namespace, name) {
        looks.push({ name, atMs: clock.monotonicMs() });
        const found = versions.get(`${kind}/${name}`);
        return found === undefined ? { kind: 'notFound' } : { kind: 'found', value: found };
      },
    },
    onChange(key) {
      reconciler.credentialsChanged(key);
      queue.add(key, { rank: 0, dueMs: clock.monotonicMs() });
    },
  });

  const reconciler = createReconciler({
    store: { get: (key) => shown.get(key), isNewer },
    prober,
    credentials,
    writer: {
      async writeStatus(target, status) {
        sent.push(target);
        const scripted = nextWrites.shift() ?? {};
        if ('kind' in scripted) return scripted;
        const { arrivesMs = 0, answersMs = 0, lost = false } = scripted;
        if (arrivesMs > 0) await sleep(clock, arrivesMs);
        const key = keyOf(target);
        const object = objects.get(key);
        if (object === undefined) return { kind: 'gone' };
        if (object.metadata.uid !== target.uid || object.metadata.resourceVersion !== target.resourceVersion)
          return { kind: 'conflict' };
        const resourceVersion = String(++version);
        objects.set(key, { ...object, metadata: { ...object.metadata, resourceVersion }, status: structuredClone(status) });
        writes.push({ key, status: structuredClone(status) });
        if (options.watchDelayMs === undefined) queueMicrotask(() => show(key));
        else clock.setTimer(options.watchDelayMs, () => show(key));
        if (answersMs > 0) await sleep(clock, answersMs);
        return lost ? { kind: 'unavailable' } : { kind: 'written', resourceVersion };
      },
    },
    reader: {
      async readObject(namespace, name) {
        const object = objects.get(keyOf({ namespace, name }));
        return object === undefined ? { kind: 'notFound' } : { kind: 'found', value: object };
      },
    },
    clock,
    random: fixedRandom(options.random ?? 0),
    observer: {
      reconciled() {},
      crashed: (key) => crashed.push(key),
      probed: (_request, cause) => causes.push(cause),
      forbidden: ({ name }, reference) => forbidden.push(`${name}: ${reference.kind}/${reference.name}`),
      stands() {},
      transition: (notice) => transitions.push(notice),
      writeFailed() {},
      forgotten: (key) => forgotten.push(key),
    },
    events: { record: ({ name, resourceVersion }, notice) => events.push({ ...notice, name, resourceVersion }) },
    mayWrite: () => mayWrite,
    signal: ended.signal,
    lastSuccessRefreshMs: 3_600_000,
  });

  const runner = createRunner({
    queue,
    clock,
    async run(ticket) {
      const { next, wake } = await reconciler.run(ticket);
      for (const { key, booking } of wake) queue.add(key, booking);
      return next;
    },
    onError: (_key, error) => errors.push(error),
  });

  return {
    clock,
    queue,
    lanes,
    reconciler,
    runner,
    probes,
    writes,
    transitions,
    events,
    forbidden,
    setUnreadable: (reference: ReferenceName | undefined) => {
      unreadable = reference;
    },
    causes,
    nextWrites,
    versions,
    looks,
    errors,
    /** Targets of all writes that were sent, whatever became of them. */
    sent,
    crashed,
    forgotten,
    peak: () => peak,
    resetPeak: () => {
      peak = inFlight;
    },
    inFlight: () => inFlight,
    setMayWrite: (value: boolean) => {
      mayWrite = value;
    },
    /** Creates or replaces an object, as `kubectl apply` would; the watch shows it at once. */
    apply(object: RawOptions) {
      const raw = rawOf({ ...object, resourceVersion: String(++version) });
      const key = keyOf(raw.metadata);
      const before = objects.get(key);
      objects.set(key, {
        ...raw,
        status: object.status ?? (before?.metadata.uid === raw.metadata.uid ? before.status : raw.status),
      });
      show(key);
      return key;
    },
    /** Changes the object behind the watch's back. */
    changeUnseen(key: string, change: (object: RawMCPServer) => RawMCPServer = (object) => object): RawMCPServer {
      const object = objects.get(key);
      if (object === undefined) throw new Error(`no ${key}`);
      const changed = change(object);
      const next = { ...changed, metadata: { ...changed.metadata, resourceVersion: String(++version) } };
      objects.set(key, next);
      return next;
    },
    remove(key: string) {
      objects.delete(key);
      show(key);
    },
    show,
    /** The watch shows one version, be it the newest or not. */
    showVersion(object: RawMCPServer) {
      const key = keyOf(object.metadata);
      shown.set(key, object);
      reconciler.noticed(key);
      queue.add(key, { rank: 0, dueMs: clock.monotonicMs() });
    },
    script(key: string, script: Script | ((request: ProbeRequest) => Script)) {
      scripts.set(key, typeof script === 'function' ? script : () => script);
    },
    status(key: string): MCPServerStatus {
      return objects.get(key)?.status as MCPServerStatus;
    },
    probesOf: (key: string) => probes.filter((probe) => probe.key === key).length,
  };
}
