/**
 * Counts what arrives at the mock servers. A request to a failing server is a retry unless it is that server's first since the reset:
 * this holds for objects whose probes make one attempt (`spec.retry.attempts: 1`) and whose failure needs one request to be known.
 */
import { MAX_TICKS, type Sightings } from './messages.ts';

export interface Tally {
  /** A connection to a server that is healthy now was opened. Call what it returns when it is closed. */
  connect(): () => void;
  /** A request has arrived at `server`. Call what it returns when it is over; more than once is once. */
  begin(server: number, method: string, isFailing: boolean, nowMs: number): () => void;
  /** Closes one {@link TICK_MS} of the timeline. */
  tick(): void;
  /** What is open stays open and counts on. */
  reset(): void;
  read(): Sightings;
}

/** Methods are the peers' own words: no more than this many are told apart. */
const MAX_METHODS = 32;

interface Gauge {
  open: number;
  peak: number;
  tickPeak: number;
}

export function createTally(): Tally {
  const gauges = { connections: newGauge(), failing: newGauge(), retries: newGauge() };
  let requests = new Map<string, number>();
  let asked = new Set<number>();
  let retries = 0;
  let firstRequestMs: number | undefined;
  let timeline: Sightings['timeline'] = [];

  const count = (method: string) => {
    const name = requests.has(method) || requests.size < MAX_METHODS ? method : 'other';
    requests.set(name, (requests.get(name) ?? 0) + 1);
  };

  return {
    connect() {
      raise(gauges.connections);
      return () => {
        gauges.connections.open--;
      };
    },
    begin(server, method, isFailing, nowMs) {
      firstRequestMs ??= nowMs;
      count(method);
      const isRetry = isFailing && asked.has(server);
      asked.add(server);
      const raised = isFailing ? [gauges.failing] : [];
      if (isRetry) {
        retries++;
        raised.push(gauges.retries);
      }
      for (const gauge of raised) raise(gauge);
      return () => {
        for (const gauge of raised.splice(0)) gauge.open--;
      };
    },
    tick() {
      if (timeline.length < MAX_TICKS)
        timeline.push({ connections: gauges.connections.tickPeak, retries: gauges.retries.tickPeak });
      for (const gauge of Object.values(gauges)) gauge.tickPeak = gauge.open;
    },
    reset() {
      for (const gauge of Object.values(gauges)) gauge.peak = gauge.tickPeak = gauge.open;
      requests = new Map();
      asked = new Set();
      retries = 0;
      firstRequestMs = undefined;
      timeline = [];
    },
    read: () => ({
      requests: Object.fromEntries(requests),
      serversAsked: asked.size,
      probes: requests.get('server/discover') ?? 0,
      ...(firstRequestMs === undefined ? {} : { firstRequestMs }),
      peakConnections: gauges.connections.peak,
      peakFailing: gauges.failing.peak,
      retries,
      peakRetries: gauges.retries.peak,
      timeline,
    }),
  };
}

function newGauge(): Gauge {
  return { open: 0, peak: 0, tickPeak: 0 };
}

function raise(gauge: Gauge): void {
  gauge.open++;
  gauge.peak = Math.max(gauge.peak, gauge.open);
  gauge.tickPeak = Math.max(gauge.tickPeak, gauge.open);
}
