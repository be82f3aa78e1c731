/**
 * After a start the operator still tells events for a while, at a pace of its own: 50 a second, so 10,000 take 200 s. What asks how quiet
 * it is waits for their end first.
 */
import { until } from '../platform/until.ts';
import { sumSeries } from './exposition.ts';
import type { Operator } from './operator.ts';

/** The most events that may wait, 10,000, take some 250 s with their writes; what has waited for 600 s is dropped. */
const TIMEOUT_MS = 700_000;
/** A scrape with the series of 10,000 objects is some work for the operator. */
const LOOK_MS = 5_000;

/** Resolves when no event waits to be sent. A build without such a gauge has none. */
export async function untilEventsTold({ scrape }: Pick<Operator, 'scrape'>): Promise<void> {
  const isOver = async () => sumSeries(await scrape(), 'mcpserver_operator_events_waiting') === 0;
  await until(isOver, { what: 'all events are told', timeoutMs: TIMEOUT_MS, intervalMs: LOOK_MS });
}
