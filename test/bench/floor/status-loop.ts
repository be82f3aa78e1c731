/**
 * The floor of status writes: a PUT of what the operator itself wrote, to every object, with the metadata alone as the answer, over one
 * undici Agent. A process of its own, so that its first pass has cold code. Task in by stdin, passes out.
 */
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { openAPI } from '../api.ts';
import { COLLECTION, Identity, METADATA_ONLY, statusBody } from '../fleet.ts';
import { timePool } from '../pool.ts';
import { reportPasses, StatusTask } from './task.ts';

const Written = z.object({ metadata: Identity });
const HOUR_MS = 3_600_000;

const { kubeconfig, identities, status, width, passes } = StatusTask.parse(JSON.parse(await text(process.stdin)));
const api = await openAPI(kubeconfig);
await reportPasses(passes, (pass) => {
  // A PUT that changes nothing is not written, and is cheaper than one that does.
  const different = { ...status, lastSuccessTime: new Date(Date.now() - pass * HOUR_MS).toISOString() };
  return timePool(identities.length, width, async (index) => {
    const identity = identities[index];
    if (identity === undefined) return;
    const path = `${COLLECTION}/${identity.name}/status?fieldManager=floor`;
    const answer = await api.call({ method: 'PUT', path, body: statusBody(identity, different), accept: METADATA_ONLY });
    identities[index] = Written.parse(JSON.parse(answer)).metadata;
  });
});
await api.close();
