/**
 * Watches the objects as any user could, and tells each sighting with the moment at which it arrived. What the scenarios after a cold
 * start wait for is built on it: a new verdict of one object, or one state of all.
 */
import * as z from 'zod';
import type { API } from './api.ts';
import { COLLECTION, readVersion } from './fleet.ts';

/** An object as one event of the watch showed it. */
export interface Sighting {
  readonly name: string;
  /** Orders all writes to the API server, of any kind. */
  readonly resourceVersion: bigint;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly state: string;
  readonly isReady: boolean;
  /** The status differs from the one seen before. */
  readonly isNews: boolean;
  /** Monotonic. */
  readonly atMs: number;
}

export interface VerdictWatch {
  /** The latest of each object, by name. */
  readonly latest: ReadonlyMap<string, Sighting>;
  /** Calls `onSighting` for each until the function that it returns is called. */
  listen(onSighting: (sighting: Sighting) => void): () => void;
  /**
   * Resolves, when for all of `names` the latest sighting holds, with when the last of them came to. Rejects when none more came to for
   * {@link STALL_MS}, or when the watch breaks; `what` is named then.
   */
  whenAll(names: readonly string[], holds: (sighting: Sighting) => boolean, what: string): Promise<number>;
  close(): Promise<void>;
}

/** Nothing takes this long but a machine that is asleep. */
const STALL_MS = 60_000;

const Event = z.object({
  type: z.string(),
  object: z.object({
    metadata: z.object({ name: z.string(), resourceVersion: z.string(), generation: z.int().default(0) }),
    status: z
      .looseObject({
        observedGeneration: z.int().optional(),
        state: z.string().optional(),
        conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).optional(),
      })
      .optional(),
  }),
});

export const isAvailable = ({ state, isReady }: Sighting) => state === 'Available' && isReady;

/** Reads a line of the watch into a sighting and its status as JSON; `statusBefore` knows the one seen before. Undefined for a deletion; throws at an error. */
export function readSighting(
  line: string,
  atMs: number,
  statusBefore: (name: string) => string | undefined,
): readonly [Sighting, string] | undefined {
  if (line.startsWith('{"type":"ERROR"')) throw new Error(`the watch of the bench failed: ${line.slice(0, 200)}`);
  const { type, object } = Event.parse(JSON.parse(line));
  if (type === 'DELETED') return undefined;
  const { metadata, status } = object;
  const statusNow = JSON.stringify(status ?? {});
  const sighting: Sighting = {
    name: metadata.name,
    resourceVersion: BigInt(metadata.resourceVersion),
    generation: metadata.generation,
    observedGeneration: status?.observedGeneration ?? -1,
    state: status?.state ?? '',
    isReady: status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
    isNews: statusNow !== statusBefore(metadata.name),
    atMs,
  };
  return [sighting, statusNow];
}

/** Opens the watch from the present version on. */
export async function watchVerdicts(api: API): Promise<VerdictWatch> {
  const version = await readVersion(api);
  const closing = new AbortController();
  const latest = new Map<string, Sighting>();
  const statuses = new Map<string, string>();
  const listeners = new Set<(sighting: Sighting) => void>();
  const stream = api.lines(`${COLLECTION}?watch=1&resourceVersion=${version}`, closing.signal, (line) => {
    const read = readSighting(line, performance.now(), (name) => statuses.get(name));
    if (read === undefined) return;
    const [sighting, status] = read;
    latest.set(sighting.name, sighting);
    statuses.set(sighting.name, status);
    for (const listener of listeners) listener(sighting);
  });
  // Told to whoever waits; nobody may be waiting when it breaks.
  stream.catch(() => undefined);
  const listen = (onSighting: (sighting: Sighting) => void) => {
    listeners.add(onSighting);
    return () => void listeners.delete(onSighting);
  };

  return {
    latest,
    listen,
    async whenAll(names, holds, what) {
      const awaited = new Set(names);
      const holdsNow = (name: string) => {
        const sighting = latest.get(name);
        return sighting !== undefined && holds(sighting);
      };
      const missing = new Set(names.filter((name) => !holdsNow(name)));
      let lastMs = Math.max(...names.map((name) => latest.get(name)?.atMs ?? 0));
      if (missing.size === 0) return lastMs;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error(`${missing.size} of ${names.length} are not ${what}`)), STALL_MS);
      const stopListening = listen((sighting) => {
        if (!awaited.has(sighting.name)) return;
        if (!holds(sighting)) missing.add(sighting.name);
        else if (missing.delete(sighting.name)) {
          timer.refresh();
          lastMs = sighting.atMs;
          if (missing.size === 0) resolve();
        }
      });
      try {
        await Promise.race([promise, stream]);
        return lastMs;
      } finally {
        clearTimeout(timer);
        stopListening();
      }
    },
    async close() {
      closing.abort();
      await stream.catch(() => undefined);
    },
  };
}
