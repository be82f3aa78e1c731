/**
 * One of each kind: a small fleet with its objects, so that a fault meets every verdict.
 */
import type { Objects } from '../cluster/operator/objects.ts';
import { until } from '../platform/until.ts';
import { createFleet, type Fleet } from './fleet.ts';
import type { Conduct } from './fleet-server.ts';
import { type Normal, normalizeAll } from './oracle.ts';

export type Specs = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const CONDUCTS: Readonly<Record<string, Conduct>> = {
  'healthy-0': { kind: 'healthy' },
  'healthy-1': { kind: 'healthy' },
  'healthy-2': { kind: 'healthy' },
  old: { kind: 'legacy' },
  denied: { kind: 'failing', httpStatus: 401 },
  missing: { kind: 'failing', httpStatus: 404 },
  down: { kind: 'failing', httpStatus: 503 },
  away: { kind: 'refused' },
};

/** Those whose servers are well. */
export const HEALTHY = ['healthy-0', 'healthy-1', 'healthy-2', 'old', 'guarded'] as const;

/** The Secret that `guarded` refers to, and its value. */
export const SECRET = { name: 'token', values: { token: 'canary-of-the-town' } };

/**
 * Retries every second or two, so that a fault of seconds meets some; probed every 10 s, so that it meets probes. None is given up within
 * a test, not even by a clock that is an hour ahead.
 */
const LIVELY = {
  probe: { periodSeconds: 10, progressDeadlineSeconds: 7_200 },
  retry: { attempts: 1, initialBackoffSeconds: 1, maxBackoffSeconds: 2 },
};

export interface Town {
  /** A server for each object, by its name, and a healthy `newcomer` that has no object at first. */
  readonly fleet: Fleet;
  readonly specs: Specs;
}

/** Opens one server of each kind and resolves with a spec for each. Close the fleet. */
export async function openTown(): Promise<Town> {
  const fleet = createFleet();
  const specs: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const [name, conduct] of Object.entries(CONDUCTS)) specs[name] = { url: (await fleet.open(name, conduct)).url, ...LIVELY };
  const guarded = await fleet.open('guarded');
  const bearerToken = { secretKeyRef: { name: SECRET.name, key: 'token' } };
  specs['guarded'] = { url: guarded.url, auth: { type: 'Bearer', bearer: bearerToken }, ...LIVELY };
  specs['asleep'] = { url: fleet.server('healthy-0').url, suspend: true };
  await fleet.open('newcomer');
  return { fleet, specs };
}

/** Waits until no object is Pending and each has a verdict on its present generation; resolves with what they say. */
export function allSettled(objects: Objects, timeoutMs = 30_000): Promise<Record<string, Normal>> {
  return until(
    async () => {
      const all = await objects.list();
      for (const [name, { metadata, status }] of all) {
        const isJudged = status.state === 'Suspended' || status.observedGeneration === metadata.generation;
        if (status.state === 'Pending' || !isJudged) throw new Error(`${name} is ${JSON.stringify(status)}`);
      }
      return normalizeAll(all);
    },
    { what: 'every object has its verdict', timeoutMs, intervalMs: 100 },
  );
}
