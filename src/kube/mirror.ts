/**
 * The objects as the API server last showed them, and the differences as events. Pure: no IO, no time.
 *
 * A list replaces everything at once and yields one event per difference. An object of the same name with another uid is another
 * object: the old one is told as deleted, then the new one as added. An event that tells nothing new yields nothing.
 */
import { keyOf, type ObjectMeta } from '../api/v1alpha1/mcpserver.ts';

export interface Stored {
  readonly metadata: Pick<ObjectMeta, 'namespace' | 'name' | 'uid' | 'resourceVersion'>;
}

export interface ObjectEvent {
  readonly kind: 'added' | 'modified' | 'deleted';
  /** `namespace/name`. */
  readonly key: string;
  readonly uid: string;
}

export interface Mirror<T> {
  /** Starts a new list beside the present objects, which stay visible until {@link Mirror.finishList}. */
  beginList(): void;
  addListed(object: T): void;
  finishList(): void;
  put(object: T): void;
  /** Does nothing when another uid lives under the name. */
  remove(object: T): void;
  get(key: string): T | undefined;
  keys(): IterableIterator<string>;
  size(): number;
}

/** An empty mirror; `onEvent` hears each difference after it has happened, and must not throw. */
export function createMirror<T extends Stored>(onEvent: (event: ObjectEvent) => void): Mirror<T> {
  let objects = new Map<string, T>();
  let listed = new Map<string, T>();

  const tell = (key: string, previous: T | undefined, object: T) => {
    const { uid, resourceVersion } = object.metadata;
    if (previous && previous.metadata.uid !== uid) onEvent({ kind: 'deleted', key, uid: previous.metadata.uid });
    if (previous?.metadata.uid !== uid) onEvent({ kind: 'added', key, uid });
    else if (previous.metadata.resourceVersion !== resourceVersion) onEvent({ kind: 'modified', key, uid });
  };

  return {
    beginList() {
      listed = new Map();
    },
    addListed(object) {
      const key = keyOf(object.metadata);
      const known = objects.get(key);
      const isSame =
        known?.metadata.uid === object.metadata.uid && known.metadata.resourceVersion === object.metadata.resourceVersion;
      // The known one is kept where it is the same, so that a second list of 10,000 does not hold everything twice.
      listed.set(key, known && isSame ? known : object);
    },
    finishList() {
      const before = objects;
      objects = listed;
      listed = new Map();
      for (const [key, object] of before) {
        if (!objects.has(key)) onEvent({ kind: 'deleted', key, uid: object.metadata.uid });
      }
      for (const [key, object] of objects) tell(key, before.get(key), object);
    },
    put(object) {
      const key = keyOf(object.metadata);
      const previous = objects.get(key);
      objects.set(key, object);
      tell(key, previous, object);
    },
    remove(object) {
      const key = keyOf(object.metadata);
      if (objects.get(key)?.metadata.uid !== object.metadata.uid) return;
      objects.delete(key);
      onEvent({ kind: 'deleted', key, uid: object.metadata.uid });
    },
    get: (key) => objects.get(key),
    keys: () => objects.keys(),
    size: () => objects.size,
  };
}

/**
 * Whether version `a` is later than `b`. Versions of one collection are decimal numbers that grow (KEP-5504); for any other form the
 * answer is yes, which costs at worst a second look.
 */
export function isNewer(a: string, b: string): boolean {
  if (!/^\d{1,20}$/.test(a) || !/^\d{1,20}$/.test(b)) return true;
  return a.length === b.length ? a > b : a.length > b.length;
}
