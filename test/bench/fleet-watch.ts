/**
 * Watches the objects as any user could and notes when each first became Available: state Available and Ready True.
 */
import * as z from 'zod';
import type { API } from './api.ts';
import { COLLECTION, readVersion } from './fleet.ts';

export interface FleetWatch {
  /** When each object was first seen Available, by name: wall time in milliseconds. */
  readonly availableAtMs: ReadonlyMap<string, number>;
  /** Resolves when all of `names` have been Available. Rejects with how many are missing when `timeoutMs` are over, or when the watch breaks. */
  whenAvailable(names: readonly string[], timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

const Event = z.object({
  type: z.string(),
  object: z.object({
    metadata: z.object({ name: z.string().optional() }).optional(),
    status: z
      .object({
        state: z.string().optional(),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional(),
      })
      .optional(),
  }),
});

/** True for a line that says that its object is Available; with the name. */
export function readAvailable(line: string): string | undefined {
  const { type, object } = Event.parse(JSON.parse(line));
  if (type === 'ERROR') throw new Error(`the watch of the bench failed: ${line.slice(0, 200)}`);
  const ready = object.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  return object.status?.state === 'Available' && ready === true ? object.metadata?.name : undefined;
}

/** Opens the watch from the present version on; there must be no Available object yet. */
export async function watchFleet(api: API): Promise<FleetWatch> {
  const version = await readVersion(api);
  const closing = new AbortController();
  const availableAtMs = new Map<string, number>();
  let awaited: { readonly names: Set<string>; resolve(): void } | undefined;
  const stream = api.lines(`${COLLECTION}?watch=1&resourceVersion=${version}`, closing.signal, (line) => {
    const name = readAvailable(line);
    if (name === undefined || availableAtMs.has(name)) return;
    availableAtMs.set(name, Date.now());
    if (awaited?.names.delete(name) && awaited.names.size === 0) awaited.resolve();
  });
  // Told to whoever waits; nobody may be waiting when it breaks.
  stream.catch(() => undefined);

  return {
    availableAtMs,
    async whenAvailable(names, timeoutMs) {
      const missing = new Set(names.filter((name) => !availableAtMs.has(name)));
      if (missing.size === 0) return;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const late = () =>
        reject(new Error(`${missing.size} of ${names.length} objects are not Available after ${timeoutMs / 1000} s`));
      const timer = setTimeout(late, timeoutMs);
      awaited = { names: missing, resolve };
      try {
        await Promise.race([promise, stream]);
      } finally {
        clearTimeout(timer);
        awaited = undefined;
      }
    },
    async close() {
      closing.abort();
      await stream.catch(() => undefined);
    },
  };
}
