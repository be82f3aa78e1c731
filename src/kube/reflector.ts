/**
 * A mirror of one collection: lists it, watches it, and tells which key changed. It promises that sooner or later, whatever the API
 * server does, the mirror shows what a fresh look would show, and that every difference was told.
 *
 * Nothing stops it but `stop()`: a failed list, a refused or broken watch, garbage, an expired version and missing rights all lead to
 * another try, by backoff. A watch that broke resumes where it was; the collection is listed anew when its version has expired, when
 * the watch is refused, or when something could not be understood. Events carry the key only; who hears one reads the mirror.
 */
import { type Clock, sleep, type Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import { type Random, uniform } from '../platform/random.ts';
import type { KubeClient } from './client.ts';
import { type ListEnd, listPages } from './list-pages.ts';
import { createMirror, isNewer, type Mirror, type ObjectEvent, type Stored } from './mirror.ts';
import { type WatchEnd, watchOnce } from './watch-stream.ts';

export interface ReflectorOptions<T extends Stored> {
  /** Of the collection: `/apis/<group>/<version>/[namespaces/<ns>/]<plural>`. */
  readonly path: string;
  /** The part of an object that is kept, or undefined when it is none. It must not throw. */
  readonly decode: (object: unknown) => T | undefined;
  /** Called after the mirror has changed. It must not throw. */
  readonly onEvent: (event: ObjectEvent) => void;
  /** Default 500, as client-go. */
  readonly pageSize?: number;
  /** A watch without a byte for so long is given up. Default 120,000: the server sends a bookmark about every minute. */
  readonly silenceMs?: number;
}

export interface Store<T> {
  /** Begins to list and watch. Call it once. */
  start(): void;
  /** Ends everything and frees timers and sockets. No event is told after it is called. */
  stop(): Promise<void>;
  get(key: string): T | undefined;
  keys(): IterableIterator<string>;
  readonly size: number;
  /** Resolves to true after the first complete list; to false when stopped before. */
  readonly synced: Promise<boolean>;
  /** Resolves when a list was refused for want of rights (403) before the first complete one. It is tried again all the same. */
  readonly refused: Promise<void>;
  state(): StoreState;
}

export interface StoreState {
  readonly isSynced: boolean;
  /** While the API server can not be followed: what is wrong, in our own words. The mirror is then as old as that. */
  readonly trouble?: string;
}

/** A watch that lives so long, or tells something new, is healthy: trouble is over, and backoff begins anew. */
const HEALTHY_MS = 5_000;
const SHORT_WATCH_MS = 1_000;
const PAGE_SIZE = 500;
const SILENCE_MS = 120_000;
const BACKOFF_MIN_MS = 800;
const BACKOFF_MAX_MS = 30_000;

interface ReflectorDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Logger;
}

/** Starts nothing: call `start`. */
export function createReflector<T extends Stored>(deps: ReflectorDeps, options: ReflectorOptions<T>): Store<T> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const { promise: synced, resolve: resolveSynced } = Promise.withResolvers<boolean>();
  const { promise: refused, resolve: onRefused } = Promise.withResolvers<void>();
  const mirror = createMirror<T>((event) => {
    if (!signal.aborted) options.onEvent(event);
  });
  const position: Position = { resourceVersion: undefined, failures: 0, expiries: 0, isSynced: false };
  const trouble = createTrouble(deps, options.path);
  let running: Promise<void> = Promise.resolve();
  return {
    start() {
      running = follow({ deps, options, mirror, position, trouble, signal, onSynced: () => resolveSynced(true), onRefused });
    },
    async stop() {
      stopping.abort(new Error('stopped'));
      resolveSynced(false);
      await running;
    },
    get: mirror.get,
    keys: mirror.keys,
    get size() {
      return mirror.size();
    },
    synced,
    refused,
    state: () => ({ isSynced: position.isSynced, ...trouble.state() }),
  };
}

interface Position {
  /** Where the watch goes on; undefined: list first. */
  resourceVersion: string | undefined;
  /** Failures since the last healthy watch. */
  failures: number;
  /** Of these, the last ones in a row for which the version had expired. */
  expiries: number;
  isSynced: boolean;
}

interface Following<T extends Stored> {
  readonly deps: ReflectorDeps;
  readonly options: ReflectorOptions<T>;
  readonly mirror: Mirror<T>;
  readonly position: Position;
  readonly trouble: Trouble;
  readonly signal: AbortSignal;
  readonly onSynced: () => void;
  readonly onRefused: () => void;
}

type Step =
  | { readonly kind: 'progress' }
  | { readonly kind: 'failed'; readonly end: WatchEnd | ListEnd; readonly relist: boolean };

async function follow<T extends Stored>(following: Following<T>): Promise<void> {
  const { deps, position, trouble, signal } = following;
  while (!signal.aborted) {
    const from = position.resourceVersion;
    const step = from === undefined ? await listStep(following) : await watchStep(following, from);
    if (signal.aborted) return;
    if (step.kind === 'progress') continue;
    if (step.relist) position.resourceVersion = undefined;
    position.failures++;
    if (!position.isSynced && step.end.kind === 'status' && step.end.status === 403) following.onRefused();
    position.expiries = step.end.kind === 'expired' ? position.expiries + 1 : 0;
    // The first expiry is everyday life after an outage: list at once and say nothing.
    if (position.expiries === 1) continue;
    trouble.begin(step.end);
    const delayMs = reconnectDelayMs(position.failures, step.end, deps.random);
    await sleep(deps.clock, delayMs, signal).catch(() => undefined);
  }
}

async function listStep<T extends Stored>({ deps, options, mirror, position, signal, onSynced }: Following<T>): Promise<Step> {
  const end = await listPages(deps.client, {
    path: options.path,
    pageSize: options.pageSize ?? PAGE_SIZE,
    signal,
    onBegin: mirror.beginList,
    onItem: (item) => {
      const object = options.decode(item);
      if (object) mirror.addListed(object);
    },
  });
  if (end.kind !== 'listed' || signal.aborted) return { kind: 'failed', end, relist: true };
  mirror.finishList();
  position.resourceVersion = end.resourceVersion;
  position.isSynced = true;
  onSynced();
  return { kind: 'progress' };
}

async function watchStep<T extends Stored>(following: Following<T>, from: string): Promise<Step> {
  const { deps, options, position, trouble, signal } = following;
  const onHealthy = () => {
    position.failures = 0;
    position.expiries = 0;
    trouble.end();
  };
  const openedMs = deps.clock.monotonicMs();
  let healthy: Timer | undefined;
  const end = await watchOnce(deps, {
    path: options.path,
    query: {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      // Spread, so that not all watches of a fleet end together. As client-go.
      timeoutSeconds: String(Math.floor(uniform(deps.random, 300, 601))),
    },
    silenceMs: options.silenceMs ?? SILENCE_MS,
    signal,
    onOpen: () => {
      healthy = deps.clock.setTimer(HEALTHY_MS, onHealthy);
    },
    onEvent: (type, object) => {
      const effect = signal.aborted ? 'garbage' : takeEvent(following, type, object);
      if (effect === 'new') onHealthy();
      return effect !== 'garbage';
    },
  });
  healthy?.cancel();
  const isProgress = position.resourceVersion !== from || deps.clock.monotonicMs() - openedMs >= SHORT_WATCH_MS;
  if (end.kind === 'closed' && isProgress) return { kind: 'progress' };
  return { kind: 'failed', end, relist: needsList(end) };
}

function takeEvent<T extends Stored>({ options, mirror, position }: Following<T>, type: string, value: unknown): EventEffect {
  const version = (value as { metadata?: { resourceVersion?: unknown } | null } | null | undefined)?.metadata?.resourceVersion;
  if (typeof version !== 'string' || version === '') return 'garbage';
  // Told before: a collection's events come in the order of their versions.
  if (position.resourceVersion !== undefined && !isNewer(version, position.resourceVersion)) return 'old';
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
    const object = options.decode(value);
    if (!object) return 'garbage';
    if (type === 'DELETED') mirror.remove(object);
    else mirror.put(object);
  }
  position.resourceVersion = version;
  return 'new';
}

type EventEffect = 'new' | 'old' | 'garbage';

/** Whether a fresh look is needed, or the watch may go on where it was. */
function needsList(end: WatchEnd): boolean {
  switch (end.kind) {
    case 'closed':
    case 'truncated':
    case 'silent':
    case 'network':
    case 'aborted':
      return false;
    case 'expired':
    case 'garbage':
      return true;
    case 'status':
      // Overload and faults pass; 400, 403, 404 say that this watch will not be had.
      return end.status < 500 && end.status !== 429 && end.status !== 401;
  }
}

/** 0.8 s · 2^(n−1), at most 30 s, full jitter; never before the server's `Retry-After`, of which a minute is honoured. */
export function reconnectDelayMs(failures: number, end: WatchEnd | ListEnd, random: Random): number {
  const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(failures - 1, 10));
  const askedMs = end.kind === 'status' ? Math.min(end.retryAfterMs ?? 0, 60_000) : 0;
  return Math.max(uniform(random, 0, ceilingMs), askedMs);
}

type Trouble = ReturnType<typeof createTrouble>;

/** Causes of one trouble that get a line of their own: an outage has two or three, one that flaps between many says nothing new. */
const MAX_TOLD = 8;

/** One line for each cause when it first shows and one when trouble ends, however often causes show in between. */
function createTrouble({ clock, log }: ReflectorDeps, path: string) {
  let since: { readonly startMs: number; what: string; readonly told: Set<string> } | undefined;
  return {
    begin(end: WatchEnd | ListEnd) {
      const what = describeTrouble(end);
      since ??= { startMs: clock.monotonicMs(), what, told: new Set() };
      since.what = what;
      if (since.told.has(what) || since.told.size >= MAX_TOLD) return;
      since.told.add(what);
      log?.warn({ path, trouble: what }, 'can not follow the API server; trying again');
    },
    end() {
      if (!since) return;
      log?.info({ path, durationMs: Math.round(clock.monotonicMs() - since.startMs) }, 'following the API server again');
      since = undefined;
    },
    state: () => (since ? { trouble: since.what } : {}),
  };
}

function describeTrouble(end: WatchEnd | ListEnd): string {
  switch (end.kind) {
    case 'status':
      return `HTTP ${end.status}${end.reason === undefined ? '' : ` ${end.reason}`}`;
    case 'network':
      return `no answer${end.errorCode === undefined ? '' : ` (${end.errorCode})`}`;
    case 'garbage':
      return 'an answer that is none of the Kubernetes API';
    case 'expired':
      return 'the resource version expires again and again';
    case 'truncated':
      return 'the watch broke in the middle of a line';
    case 'silent':
      return 'the watch fell silent';
    case 'closed':
      return 'the watch ends as soon as it begins';
    case 'listed':
    case 'aborted':
      return 'none';
  }
}
