/**
 * A small cold start that is not counted, before the first that is.
 */
import { createObjects, declare, deleteObjects, indices, objectName, readStatus } from './fleet.ts';
import { watchFleet } from './fleet-watch.ts';
import type { Site } from './site.ts';

/** Enough that the API server, the disk cache and the CPU have seen the operator once. */
export const WARM_UP_OBJECTS = 20;

/** Leaves no object behind. Resolves with a status as the operator writes it, for the floor. */
export async function warmUp(site: Site): Promise<Record<string, unknown>> {
  const { api } = site;
  await createObjects(api, declare(site.farm, WARM_UP_OBJECTS));
  const watch = await watchFleet(api);
  const operator = site.startOperator();
  try {
    const names = indices(WARM_UP_OBJECTS).map(objectName);
    await Promise.race([watch.whenAvailable(names), operator.trouble]);
    return await readStatus(api, 0);
  } finally {
    await operator.stop();
    await watch.close();
    await deleteObjects(api);
  }
}
