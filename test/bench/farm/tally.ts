/**
 * Counts what arrives at the mock servers. A request to a failing server is a retry unless it is that server's first since the reset:
 * this holds for objects whose probes make one attempt (`spec.retry.attempts: 1`) and whose failure needs one request to be known.
 */
import { MAX_SECONDS, MAX_TICKS, type Sightings } from './messages.ts';

export interface Tally {
  /** A connection to a server that is healthy now was opened. Call what it returns when it is closed. */
  connect(): () => void;
  /** A request has arrived at `server`. Call what it returns when it is over; more than once is once. */
  begin(server: number, method: string, isFailing: boolean, nowMs: number): () => void;
  /** A connection to `server` is closed: a retry that it was expected to be is over, if unfinished. */
  leave(server: number): void;
  /** The next probes of these healthy servers are retries, from `server/discover` until `tools/list` is answered. */
  expectRetries(servers: readonly number[]): void;
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
  /** Servers of which a retry is expected, and what ends it while it is under way. Bounded by the servers. */
  const expected = new Map<number, (() => void) | undefined>();
  let probesBySecond: number[] = [];
  let firstRequestMs: number | undefined;
  let timeline: Sightings['timeline'] = [];

  const count = (method: string) => {
    const name = requests.has(method) || requests.size < MAX_METHODS ? method : 'other';
    requests.set(name, (requests.get(name) ?? 0) + 1);
  };

  const countSecond = (sinceFirstMs: number) => {
    const second = Math.floor(sinceFirstMs / 1_000);
    if (second >= MAX_SECONDS) return;
    while (probesBySecond.length <= second) probesBySecond.push(0);
    probesBySecond[second] = (probesBySecond[second] ?? 0) + 1;
  };
  const beginExpected = (server: number) => {
    expected.get(server)?.();
    retries++;
    raise(gauges.retries);
    expected.set(server, () => {
      gauges.retries.open--;
      expected.set(server, undefined);
    });
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
      if (method === 'server/discover') countSecond(nowMs - firstRequestMs);
      if (!isFailing && expected.has(server)) {
        if (method === 'server/discover') beginExpected(server);
        return () => {
          if (method !== 'tools/list') return;
          expected.get(server)?.();
          expected.delete(server);
        };
      }
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
    leave: (server) => expected.get(server)?.(),
    expectRetries(servers) {
      for (const server of servers) if (!expected.has(server)) expected.set(server, undefined);
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
      probesBySecond = [];
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
      probesBySecond,
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
