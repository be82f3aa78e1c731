/**
 * Whether something grows: the line through its samples that outliers do not bend (Theil–Sen: the median of the slopes between all pairs),
 * and what it rises over the time that was watched. Pure.
 */
import { quantile } from '../statistics.ts';

export interface Sample {
  readonly atSeconds: number;
  readonly value: number;
}

export interface Growth {
  readonly first: number;
  readonly last: number;
  readonly perMinute: number;
  /** What the line rises over the whole time; below 0 it falls. */
  readonly rise: number;
}

/** An hour of samples every 10 s makes 65,000 pairs; of more samples, every second one is left out until so many are left. */
const MAX_SAMPLES = 360;

/** NaN throughout of less than two samples. */
export function growthOf(samples: readonly Sample[]): Growth {
  const kept = thin(samples);
  const slopes: number[] = [];
  for (const [index, one] of kept.entries()) {
    for (const other of kept.slice(index + 1)) slopes.push((other.value - one.value) / (other.atSeconds - one.atSeconds));
  }
  const perSecond = quantile(slopes, 0.5);
  const [first, last] = [samples.at(0), samples.at(-1)];
  return {
    first: first?.value ?? Number.NaN,
    last: last?.value ?? Number.NaN,
    perMinute: perSecond * 60,
    rise: perSecond * ((last?.atSeconds ?? Number.NaN) - (first?.atSeconds ?? Number.NaN)),
  };
}

function thin(samples: readonly Sample[]): readonly Sample[] {
  let kept = samples;
  while (kept.length > MAX_SAMPLES) kept = kept.filter((_, index) => index % 2 === 0);
  return kept;
}
