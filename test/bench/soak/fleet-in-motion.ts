/**
 * Carries out the plan of a soak on a real API server and the farm. The API server is away at times, so what it refuses meanwhile is
 * tried again; a repetition that finds its work done has done it.
 */
import * as z from 'zod';
import { until } from '../../platform/until.ts';
import { COLLECTION, type Declaration, declarationBody, METADATA_ONLY, objectName } from '../fleet.ts';
import type { Site } from '../site.ts';
import type { Action } from './churn.ts';

/** Away for a restart, which takes some seconds; a busy machine may need ten times that. */
const AWAY_MS = 60_000;
const TRY_EVERY_MS = 250;

/** Carries out one action. Rejects when the API server stays away, or refuses for another reason. */
export async function act(site: Site, declarations: readonly Declaration[], action: Action): Promise<void> {
  const { api, farm, controlPlane } = site;
  switch (action.kind) {
    case 'create': {
      const { index } = action;
      const body = declarationBody(objectName(index), declarations[index] ?? { url: '' });
      return persist(() => api.call({ method: 'POST', path: COLLECTION, body, accept: METADATA_ONLY }), '409');
    }
    case 'delete': {
      const path = `${COLLECTION}/${objectName(action.index)}`;
      return persist(() => api.call({ method: 'DELETE', path, accept: METADATA_ONLY }), '404');
    }
    case 'edit': {
      const path = `${COLLECTION}/${objectName(action.index)}`;
      const body = JSON.stringify({ spec: { probe: { periodSeconds: action.periodSeconds } } });
      return persist(() => api.call({ method: 'PATCH', path, body, accept: METADATA_ONLY }));
    }
    case 'flap':
      return farm.behave([action.index], action.behaviour);
    case 'restart':
      await controlPlane.apiserver.stop(action.isSudden ? 0 : undefined);
      return controlPlane.apiserver.start();
  }
}

/** `done`: the HTTP status that says that an earlier try, whose answer was lost, has done it. */
async function persist(call: () => Promise<string>, done?: string): Promise<void> {
  const attempt = async () => {
    try {
      await call();
    } catch (error) {
      const isDone = done !== undefined && error instanceof Error && error.message.includes(`: ${done} `);
      if (!isDone) throw error;
    }
    return true;
  };
  await until(attempt, { what: 'the API server is there', timeoutMs: AWAY_MS, intervalMs: TRY_EVERY_MS });
}

const States = z.object({ items: z.array(z.object({ status: z.object({ state: z.string() }).optional() })) });

/** How many objects there are, and how many of them are Available. */
export async function countAvailable({ api }: Site): Promise<{ readonly objects: number; readonly available: number }> {
  const { items } = States.parse(JSON.parse(await api.call({ method: 'GET', path: COLLECTION })));
  return { objects: items.length, available: items.filter(({ status }) => status?.state === 'Available').length };
}
