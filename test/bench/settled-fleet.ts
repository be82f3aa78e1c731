/**
 * A fleet of objects whose servers are healthy, and an operator that has found all of them Available: where the scenarios begin that ask
 * what happens after a cold start. Ends in order, and leaves no object behind.
 */
import { untilEventsTold } from './events-told.ts';
import { createObjects, type Declaration, deleteObjects, indices, objectName } from './fleet.ts';
import type { Operator } from './operator.ts';
import { type ProcessUsage, readProcessUsage } from './process-usage.ts';
import type { Site, StartOptions } from './site.ts';
import { isAvailable, type VerdictWatch, watchVerdicts } from './verdict-watch.ts';

export interface SettledFleet {
  readonly operator: Operator;
  readonly watch: VerdictWatch;
  /** Of the operator, when the last object became Available. */
  readonly usage: ProcessUsage | undefined;
  /** Of all objects, by index. */
  readonly names: readonly string[];
  /** The awaited value, unless the operator ends by itself before: then it rejects with its last words. */
  with<T>(awaited: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Resolves when all are Available and all events of the start are told. Rejects, with nothing left behind, when they stop becoming it. */
export async function settleFleet(
  site: Site,
  declarations: readonly Declaration[],
  options: StartOptions = {},
): Promise<SettledFleet> {
  const fleet = await startFleet(site, declarations, options);
  try {
    await fleet.with(untilEventsTold(fleet.operator));
    return fleet;
  } catch (error) {
    await fleet.close();
    throw error;
  }
}

/** The same while events may still wait: an operator with more probes due than it can make tells hardly any. */
export async function startFleet(
  site: Site,
  declarations: readonly Declaration[],
  options: StartOptions = {},
): Promise<SettledFleet> {
  const atEnd = new AsyncDisposableStack();
  atEnd.defer(() => deleteObjects(site.api));
  try {
    await createObjects(site.api, declarations);
    const watch = await watchVerdicts(site.api);
    atEnd.defer(() => watch.close());
    const operator = site.startOperator(options);
    atEnd.defer(() => operator.stop());
    const names = indices(declarations.length).map(objectName);
    await Promise.race([watch.whenAll(names, isAvailable, 'Available'), operator.trouble]);
    const usage = readProcessUsage(operator.pid());
    return {
      usage,
      operator,
      watch,
      names,
      with: (awaited) => Promise.race([awaited, operator.trouble]),
      close: () => atEnd.disposeAsync(),
    };
  } catch (error) {
    await atEnd.disposeAsync();
    throw error;
  }
}
