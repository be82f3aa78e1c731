/**
 * Watches the objects as any user could and notes when each first became Available: state Available and Ready True.
 */
import * as z from 'zod';
import type { API } from './api.ts';
import { COLLECTION, readVersion } from './fleet.ts';

export interface FleetWatch {
  /** When each object was first seen Available, by name: wall time in milliseconds. */
  readonly availableAtMs: ReadonlyMap<string, number>;
  /** Resolves when all of `names` have been Available. Rejects when none became it for {@link STALL_MS}, or when the watch breaks. */
  whenAvailable(names: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Nothing takes this long but a machine that is asleep; whole runs are bounded by it and the number of objects. */
export const STALL_MS = 60_000;

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
  let awaited: { readonly names: Set<string>; readonly timer: NodeJS.Timeout; resolve(): void } | undefined;
  const stream = api.lines(`${COLLECTION}?watch=1&resourceVersion=${version}`, closing.signal, (line) => {
    const name = readAvailable(line);
    if (name === undefined || availableAtMs.has(name)) return;
    availableAtMs.set(name, Date.now());
    if (awaited?.names.delete(name) !== true) return;
    awaited.timer.refresh();
    if (awaited.names.size === 0) awaited.resolve();
  });
  // Told to whoever waits; nobody may be waiting when it breaks.
  stream.catch(() => undefined);

  return {
    availableAtMs,
    async whenAvailable(names) {
      const missing = new Set(names.filter((name) => !availableAtMs.has(name)));
      if (missing.size === 0) return;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const stall = () => {
        const done = names.length - missing.size;
        reject(new Error(`${done} of ${names.length} objects are Available, and none became it for ${STALL_MS / 1_000} s`));
      };
      const timer = setTimeout(stall, STALL_MS);
      awaited = { names: missing, timer, resolve };
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
