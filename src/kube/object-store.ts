/**
 * The MCPServers that the operator watches: one mirror for the whole cluster, or one for each watched namespace, behind one face.
 * It keeps what the reconciler reads and drops the rest of each object while reading: managed fields, labels, foreign annotations.
 *
 * Spec and status are kept as JSON text and parsed each time somebody asks, which is once in a run: as objects they take 1.1 KB more (seen
 * at 5,000 objects).
 */
import { GROUP, PLURAL, VERSION } from '../api/v1alpha1/group.ts';
import type { ObjectMeta, RawMCPServer } from '../api/v1alpha1/mcpserver.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import type { KubeClient } from './client.ts';
import type { ObjectEvent } from './mirror.ts';
import { createReflector, type Store } from './reflector.ts';

export interface ObjectStoreOptions {
  /** The watched namespaces; empty: all of them, which needs rights in the whole cluster. */
  readonly namespaces: readonly string[];
  readonly onEvent: (event: ObjectEvent) => void;
}

/** A collection that is mirrored on its own. */
export interface Scope {
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  isSynced(): boolean;
}

export interface MCPServerStore extends Omit<Store<RawMCPServer>, 'refused'> {
  /**
   * Resolves to true when there is something to work on: each scope is listed, or refused for want of rights, and one at least is listed.
   * A scope that is refused is tried again; what it shows later comes as events.
   */
  readonly synced: Promise<boolean>;
  readonly scopes: readonly Scope[];
}

/** Path of the collection in a namespace, or of all namespaces. */
export function collectionPath(namespace?: string): string {
  return `/apis/${GROUP}/${VERSION}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${PLURAL}`;
}

/** Starts nothing: call `start`. */
export function createObjectStore(
  deps: { client: KubeClient; clock: Clock; random: Random; log?: Logger },
  { namespaces, onEvent }: ObjectStoreOptions,
): MCPServerStore {
  const open = (namespace?: string) =>
    createReflector<RawMCPServer>(deps, { path: collectionPath(namespace), decode: decodeMCPServer, onEvent });
  if (namespaces.length === 0) {
    const store = open();
    return Object.assign(store, { scopes: [{ namespace: undefined, isSynced: () => store.state().isSynced }] });
  }
  return joinStores(new Map([...new Set(namespaces)].map((namespace) => [namespace, open(namespace)])));
}

/** One face for several stores, by the namespace of the key. `state`: synced when all are, in trouble when any is. */
function joinStores(stores: ReadonlyMap<string, Store<RawMCPServer>>): MCPServerStore {
  const all = [...stores.values()];
  return {
    start() {
      for (const store of all) store.start();
    },
    async stop() {
      await Promise.all(all.map((store) => store.stop()));
    },
    get: (key) => stores.get(key.slice(0, key.indexOf('/')))?.get(key),
    *keys() {
      for (const store of all) yield* store.keys();
    },
    get size() {
      return all.reduce((sum, store) => sum + store.size, 0);
    },
    synced: untilUsable(all),
    scopes: [...stores].map(([namespace, store]) => ({ namespace, isSynced: () => store.state().isSynced })),
    state() {
      const states = all.map((store) => store.state());
      const trouble = states.find((state) => state.trouble !== undefined)?.trouble;
      return { isSynced: states.every((state) => state.isSynced), ...(trouble === undefined ? {} : { trouble }) };
    },
  };
}

/** A namespace without rights holds nobody up; but one at least must be listed, or there is nothing to do. */
async function untilUsable(stores: readonly Pick<Store<RawMCPServer>, 'synced' | 'refused'>[]): Promise<boolean> {
  const first = await Promise.all(stores.map(({ synced, refused }) => Promise.race([synced, refused])));
  if (first.includes(false)) return false;
  return first.includes(true) || Promise.race(stores.map(({ synced }) => synced));
}

/** The kept part of an MCPServer as the API server sends it; undefined when the metadata is not that of a live object. */
export function decodeMCPServer(value: unknown): RawMCPServer | undefined {
  const object = value as { metadata?: Record<string, unknown> | null; spec?: unknown; status?: unknown } | null | undefined;
  const metadata = object?.metadata;
  if (!metadata) return undefined;
  const { namespace, name, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } = metadata;
  if (!isWord(namespace) || !isWord(name) || !isWord(uid) || !isWord(resourceVersion)) return undefined;
  const annotations = ownAnnotations(metadata['annotations']);
  const kept = {
    namespace,
    name,
    uid,
    resourceVersion,
    generation: typeof generation === 'number' ? generation : 0,
    ...(annotations === undefined ? {} : { annotations }),
    ...(isWord(creationTimestamp) ? { creationTimestamp } : {}),
    ...(isWord(deletionTimestamp) ? { deletionTimestamp } : {}),
  };
  return new CompactMCPServer(kept, object.spec, object.status);
}

class CompactMCPServer implements RawMCPServer {
  readonly metadata: ObjectMeta;
  readonly #spec: string | undefined;
  readonly #status: string | undefined;

  constructor(metadata: ObjectMeta, spec: unknown, status: unknown) {
    this.metadata = metadata;
    this.#spec = JSON.stringify(spec);
    this.#status = JSON.stringify(status);
  }

  get spec(): unknown {
    return this.#spec === undefined ? undefined : JSON.parse(this.#spec);
  }

  get status(): unknown {
    return this.#status === undefined ? undefined : JSON.parse(this.#status);
  }
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function ownAnnotations(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const own = Object.entries(value).filter((entry): entry is [string, string] => {
    return entry[0].startsWith(`${GROUP}/`) && typeof entry[1] === 'string';
  });
  return own.length > 0 ? Object.fromEntries(own) : undefined;
}
