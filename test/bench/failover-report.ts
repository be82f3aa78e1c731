/**
 * From take-overs to what they mean: the bound is on the slowest. Pure.
 */
import type { BenchOptions } from './arguments.ts';
import type { EndSignal, Takeover } from './failover.ts';
import type { Bound, Report, Row } from './report.ts';
import { spreadOf } from './statistics.ts';

/** Issue 5, seconds: an orderly end releases the lease; after a sudden one it must run out, which takes 15 s. */
const MAX_SECONDS: Readonly<Record<EndSignal, number>> = { SIGTERM: 5, SIGKILL: 20 };

export function reportFailover(takeovers: readonly Takeover[], { n }: Pick<BenchOptions, 'n'>): Report {
  const after = (signal: EndSignal, value: (takeover: Takeover) => number) =>
    takeovers.filter((takeover) => takeover.signal === signal).map((takeover) => value(takeover) / 1_000);
  const bound = (signal: EndSignal): Bound => ({
    name: `${signal} until the other's first verdict`,
    value: spreadOf(after(signal, ({ verdictMs }) => verdictMs)).most,
    limit: MAX_SECONDS[signal],
    unit: 'seconds',
  });
  const rows = (signal: EndSignal): Row[] => [
    { name: `${signal}: the other holds the lease`, values: after(signal, ({ takenMs }) => takenMs), unit: 'seconds' },
    { name: `${signal}: its first verdict is seen`, values: after(signal, ({ verdictMs }) => verdictMs), unit: 'seconds' },
  ];
  return {
    bounds: [bound('SIGTERM'), bound('SIGKILL')],
    sections: [{ title: `two operators, ${n.toLocaleString('en-US')} objects`, rows: [...rows('SIGTERM'), ...rows('SIGKILL')] }],
    notes: ['From the signal. A verdict is written every 100 ms by whoever leads, so the first one of the other is no luck.'],
    data: takeovers,
  };
}
