/**
 * The MCPServers that the operator watches: one mirror for the whole cluster, or one for each watched namespace, behind one face.
 * It keeps what the reconciler reads and drops the rest of each object while reading: managed fields, labels, foreign annotations.
 */
import { GROUP, PLURAL, VERSION } from '../api/v1alpha1/group.ts';
import type { RawMCPServer } from '../api/v1alpha1/mcpserver.ts';
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

/** Path of the collection in a namespace, or of all namespaces. */
export function collectionPath(namespace?: string): string {
  return `/apis/${GROUP}/${VERSION}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${PLURAL}`;
}

/** Starts nothing: call `start`. */
export function createObjectStore(
  deps: { client: KubeClient; clock: Clock; random: Random; log?: Logger },
  { namespaces, onEvent }: ObjectStoreOptions,
): Store<RawMCPServer> {
  const open = (namespace?: string) =>
    createReflector<RawMCPServer>(deps, { path: collectionPath(namespace), decode: decodeMCPServer, onEvent });
  const [only] = namespaces;
  if (only === undefined) return open();
  const stores = new Map([...new Set(namespaces)].map((namespace) => [namespace, open(namespace)]));
  return joinStores(stores);
}

/** One face for several stores, by the namespace of the key. Synced when all are; in trouble when any is. */
function joinStores<T>(stores: ReadonlyMap<string, Store<T>>): Store<T> {
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
    synced: Promise.all(all.map((store) => store.synced)).then((each) => each.every(Boolean)),
    state() {
      const states = all.map((store) => store.state());
      const trouble = states.find((state) => state.trouble !== undefined)?.trouble;
      return { isSynced: states.every((state) => state.isSynced), ...(trouble === undefined ? {} : { trouble }) };
    },
  };
}

/** The kept part of an MCPServer as the API server sends it; undefined when the metadata is not that of a live object. */
export function decodeMCPServer(value: unknown): RawMCPServer | undefined {
  const object = value as { metadata?: Record<string, unknown> | null; spec?: unknown; status?: unknown } | null | undefined;
  const metadata = object?.metadata;
  if (!metadata) return undefined;
  const { namespace, name, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } = metadata;
  if (!isWord(namespace) || !isWord(name) || !isWord(uid) || !isWord(resourceVersion)) return undefined;
  const annotations = ownAnnotations(metadata['annotations']);
  return {
    metadata: {
      namespace,
      name,
      uid,
      resourceVersion,
      generation: typeof generation === 'number' ? generation : 0,
      ...(annotations === undefined ? {} : { annotations }),
      ...(isWord(creationTimestamp) ? { creationTimestamp } : {}),
      ...(isWord(deletionTimestamp) ? { deletionTimestamp } : {}),
    },
    spec: object.spec,
    status: object.status,
  };
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
